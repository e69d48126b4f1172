"""What the benchmarks of serving make of wrk's and hey's words."""

import pytest
from click import ClickException

from benchmarks.load import failures, refuse_failures, requests_per_second

WRK = """Running 4s test @ http://127.0.0.1:8000/generate
  8188 requests in 4.01s, 3.90MB read
Requests/sec:   2041.90
"""
HEY = """  Requests/sec:	998.5
Status code distribution:
  [200]	3994 responses
"""


@pytest.mark.parametrize("said", [WRK, HEY])
def test_where_all_is_well_nothing_is_refused(said):
    refuse_failures(said)
    assert requests_per_second(said) > 900


@pytest.mark.parametrize(
    "said",
    [
        f"{WRK}  Non-2xx or 3xx responses: 17\n",
        f"{WRK}  Socket errors: connect 0, read 3, write 0, timeout 0\n",
        f"{HEY}  [503]\t6 responses\n",
        f"{HEY}Error distribution:\n  [3]\tGet http://127.0.0.1:8000: EOF\n",
    ],
)
def test_requests_that_failed_are_no_speed(said):
    assert len(failures(said)) == 1
    with pytest.raises(ClickException, match="Requests failed: "):
        refuse_failures(said)
