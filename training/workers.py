"""Who trains together: the machines and devices that the environment tells of. `tf.distribute` does the work."""

import json
import os
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import click
import numpy as np
import tensorflow as tf

from training.errors import TrainingError

# What TensorFlow raises where another worker is gone, and not where this one has failed.
LOST = (tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.CancelledError, tf.errors.InternalError)


@dataclass(frozen=True)
class Workers:
    """The processes that train one GAN, of which this is one.

    Attributes:
        strategy: what shares out a batch among the devices of all of them.
        index: which of them this is, from 0; number: how many there are.
    """

    strategy: tf.distribute.Strategy = field(default_factory=tf.distribute.get_strategy)
    index: int = 0
    number: int = 1

    @property
    def chief(self) -> bool:
        """Whether this is the one that writes."""
        return self.index == 0

    def any(self, flag: bool) -> bool:
        """Whether any of them says yes; all must ask at the same time."""
        return flag if self.number == 1 else self._sum(int(flag)) > 0

    def chiefs(self, values: np.ndarray) -> np.ndarray:
        """The chief's values (N,), whatever the others give of the same length; all must ask at the same time."""
        if self.number == 1:
            return values
        return np.asarray(self._summed(lambda context: tf.constant(values * (context.replica_id_in_sync_group == 0))))

    def agree(self, task: str) -> None:
        """Make sure that all of them were given the same task; all must ask at the same time.

        Raises: TrainingError on at least one of them if not.
        """
        mine = zlib.crc32(task.encode())
        if self.number > 1 and self._sum(mine) != mine * self.strategy.num_replicas_in_sync:
            raise TrainingError(
                f"{self} has other settings, data or steps behind it than another:"
                " give all of them the same options, the same data and an --out that they share."
            )

    @contextmanager
    def together(self) -> Iterator[None]:
        """Turn what TensorFlow says when another worker is gone into one sentence. Raises: TrainingError."""
        try:
            yield
        except LOST as error:
            if self.number == 1:
                raise
            raise TrainingError(
                f"{self} has lost another ({_reason(error)}):"
                " start all of them again, with --resume if there is a checkpoint."
            ) from error

    def __str__(self) -> str:
        return f"Worker {self.index + 1} of {self.number}"

    def _sum(self, value: int) -> int:
        """The sum of what each device of each of them gives."""
        return int(self._summed(lambda _: tf.constant(value, tf.int64)))

    def _summed(self, value: Callable[[tf.distribute.experimental.ValueContext], tf.Tensor]) -> tf.Tensor:
        given = self.strategy.experimental_distribute_values_from_function(value)
        return self.strategy.reduce(tf.distribute.ReduceOp.SUM, given, axis=None)


def of_environment() -> Workers:
    """The machines that TF_CONFIG tells of; without it, all GPUs of this one, or its processor.

    Must be called before anything is computed. Waits for the other machines.

    Raises: TrainingError when TF_CONFIG is not what TensorFlow takes it for, or the port that it gives is taken.
    """
    if "TF_CONFIG" in os.environ:
        index, number, address = _place(os.environ["TF_CONFIG"])
        worker = f"Worker {index + 1} of {number}"
        click.echo(f"{worker} waits until all have come.", err=True)
        try:
            return Workers(tf.distribute.MultiWorkerMirroredStrategy(), index, number)
        except tf.errors.UnknownError as error:
            raise TrainingError(
                f"{worker} cannot listen at {address}, its address in TF_CONFIG ({_reason(error)});"
                " give it a port that no other process has."
            ) from error
        except tf.errors.OpError as error:
            raise TrainingError(f"TF_CONFIG is {os.environ['TF_CONFIG']}; {_reason(error)}.") from error
    if len(tf.config.list_physical_devices("GPU")) > 1:
        return Workers(tf.distribute.MirroredStrategy())
    return Workers()


def _reason(error: tf.errors.OpError) -> str:
    """The line that tells why, without the names of nodes in TensorFlow's graph."""
    lines = [re.sub(r"{{.*?}}", "", line).strip() for line in error.message.splitlines()]
    return next((line for line in lines if "abort" in line), next(filter(None, lines), type(error).__name__))


def _place(config: str) -> tuple[int, int, str]:
    """This worker's index, how many there are and its address; a chief, where there is one, comes first."""
    try:
        told = json.loads(config)
        cluster, task = told["cluster"], told["task"]
        everyone = [(kind, index) for kind in ("chief", "worker") for index in range(len(cluster.get(kind, [])))]
        if set(cluster) <= {"chief", "worker"}:
            mine = everyone.index((task["type"], task["index"]))
            return mine, len(everyone), cluster[task["type"]][task["index"]]
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    raise TrainingError(
        f"TF_CONFIG is {config}; it must tell of the cluster and this worker's place in it, such as"
        ' {"cluster": {"worker": ["one:2222", "two:2222"]}, "task": {"type": "worker", "index": 0}}.'
    )
