"""What is deployed is what Kubernetes and the app understand."""

import kubernetes_validate
import pytest
import yaml

from app.config import PREFIX, ROOT, Settings, variable

FOLDER = ROOT / "deploy" / "kubernetes"
VERSION = "1.33"
KUSTOMIZATION = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())
MANIFESTS = [yaml.safe_load((FOLDER / name).read_text()) for name in (*KUSTOMIZATION["resources"], "dataset-job.yaml")]
BY_KIND = {manifest["kind"]: manifest for manifest in MANIFESTS}
POD = BY_KIND["Deployment"]["spec"]["template"]
(CONTAINER,) = POD["spec"]["containers"]


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda manifest: manifest["kind"])
def test_every_manifest_satisfies_the_schema_of_its_kind(manifest):
    kubernetes_validate.validate(manifest, VERSION, strict=True)


def test_every_manifest_is_among_the_resources_but_the_job():
    others = {"kustomization.yaml", "dataset-job.yaml"}
    assert {path.name for path in FOLDER.glob("*.yaml")} == {*others, *KUSTOMIZATION["resources"]}


def test_compose_hands_on_every_setting_but_those_of_places_in_the_container():
    handed = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]["digitsmith"]["environment"]
    places = {variable(name) for name in ("HOST", "PORT", "MODELS", "CACHE")}
    assert {name for name in handed if name.startswith(PREFIX)} == {*map(variable, Settings().fields)} - places


def test_the_job_draws_as_many_shards_as_it_has_pods():
    job = BY_KIND["Job"]["spec"]
    (container,) = job["template"]["spec"]["containers"]
    assert job["completions"] == job["parallelism"]
    assert container["args"][0].endswith(f"--shard $((JOB_COMPLETION_INDEX + 1))/{job['completions']}")


def test_all_of_them_mean_the_same_pods():
    labels = POD["metadata"]["labels"]
    selectors = [
        BY_KIND["Deployment"]["spec"]["selector"]["matchLabels"],
        BY_KIND["Service"]["spec"]["selector"],
        BY_KIND["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"],
        BY_KIND["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"],
    ]
    assert selectors == [labels] * 4
    assert BY_KIND["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]["name"] == "digitsmith"


def test_the_settings_are_the_apps_and_a_stop_has_the_time_it_needs():
    (generated,) = KUSTOMIZATION["configMapGenerator"]
    lines = [line for file in generated["envs"] for line in (FOLDER / file).read_text().splitlines()]
    pairs = (line.partition("=") for line in lines if not line.startswith("#"))
    given = {name.removeprefix(PREFIX): value for name, _, value in pairs}
    settings = Settings().load(given)
    before = int(CONTAINER["lifecycle"]["preStop"]["exec"]["command"][1])
    assert before + settings["DRAIN"] + settings["GRACE"] < POD["spec"]["terminationGracePeriodSeconds"]
    assert CONTAINER["envFrom"] == [{"configMapRef": {"name": generated["name"]}}]


def test_no_setting_comes_from_the_name_of_a_service():
    """For a Service called digitsmith, Kubernetes would set DIGITSMITH_PORT in each pod of its namespace, to a URL."""
    for kind in ("Deployment", "Job"):
        assert BY_KIND[kind]["spec"]["template"]["spec"]["enableServiceLinks"] is False


def test_the_pod_is_as_shut_as_its_namespace_demands():
    assert POD["spec"]["securityContext"]["runAsNonRoot"] is True
    context = CONTAINER["securityContext"]
    assert context["readOnlyRootFilesystem"] is True
    assert context["allowPrivilegeEscalation"] is False
    assert context["capabilities"] == {"drop": ["ALL"]}
