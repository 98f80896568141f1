"""The files of deploy/ are what Ray, Kubernetes and bash take, and their commands parse."""

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.docs.test_pages import NAMES, parser

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
KUBERNETES = ["1.30", "1.36"]
# Of KubeRay's API reference (ray.io/v1), those that manifests use; pods have Kubernetes' schema.
RAY_CLUSTER = {"rayVersion", "authOptions", "headGroupSpec", "workerGroupSpecs"}
HEAD_GROUP = {"rayStartParams", "template"}
WORKER_GROUP = HEAD_GROUP | {"groupName", "replicas", "minReplicas", "maxReplicas"}


def manifests(name):
    return [*yaml.safe_load_all((DEPLOY / name).read_text())]


def check_cppo(words):
    """Raises SystemExit if it is no command of `cppo` or has no such option."""
    name = next(one for one in NAMES if words[: one.count(".") + 1] == one.split("."))
    parser(name).parse_args(words[name.count(".") + 1 :], defaults=False)


def check_ray_start(words):
    """Raises a click error if `ray start` has no such option."""
    scripts = pytest.importorskip("ray.scripts.scripts", reason="needs the extra ray")
    scripts.cli.commands["start"].make_context("start", [*words], resilient_parsing=True)


def as_pods(document):
    """The pod templates of a manifest, as pods."""
    spec = document["spec"]
    if document["kind"] == "RayCluster":
        groups = [spec["headGroupSpec"], *spec["workerGroupSpecs"]]
    else:
        groups = [spec] if "template" in spec else []
    for group in groups:
        template = group["template"]
        metadata = {"name": "pod", **template["metadata"]}
        yield {"apiVersion": "v1", "kind": "Pod", **template, "metadata": metadata}


@pytest.mark.parametrize("name", ["kuberay.yaml", "judge.yaml"])
@pytest.mark.parametrize("version", KUBERNETES)
def test_manifests_have_the_schema_of_kubernetes(name, version):
    kubernetes = pytest.importorskip("kubernetes_validate")
    for document in manifests(name):
        if document["kind"] == "RayCluster":
            assert document["apiVersion"] == "ray.io/v1" and set(document["spec"]) <= RAY_CLUSTER
            head, workers = document["spec"]["headGroupSpec"], document["spec"]["workerGroupSpecs"]
            assert set(head) <= HEAD_GROUP and all(set(one) <= WORKER_GROUP for one in workers)
            for group in (head, *workers):
                params = group["rayStartParams"].items()
                check_ray_start([f"--{option}={value}" for option, value in params])
        else:
            kubernetes.validate(document, version, strict=True)
        for pod in as_pods(document):
            kubernetes.validate(pod, version, strict=True)


@pytest.mark.parametrize("name", ["kuberay.yaml", "judge.yaml"])
def test_no_pod_is_privileged_and_judges_reach_nothing_else(name):
    documents = manifests(name)
    pods = [pod for document in documents for pod in as_pods(document)]
    for pod in pods:
        spec = pod["spec"]
        assert spec["securityContext"]["runAsNonRoot"] and not spec["automountServiceAccountToken"]
        assert not {"hostNetwork", "hostPID", "hostIPC", "initContainers"} & set(spec)
        for container in spec["containers"]:
            assert container["securityContext"]["allowPrivilegeEscalation"] is False
            assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
            assert "privileged" not in container["securityContext"]
    denying = [
        document["spec"]["podSelector"]["matchLabels"]
        for document in documents
        if "Egress" in document["spec"].get("policyTypes", [])
        and all(rule["to"] for rule in document["spec"]["egress"])
    ]
    judge = pods[-1]["metadata"]["labels"]
    assert any(selected.items() <= judge.items() for selected in denying)


def test_ray_up_takes_its_file():
    util = pytest.importorskip("ray.autoscaler._private.util", reason="needs the extra ray")
    config = yaml.safe_load((DEPLOY / "ray_up.yaml").read_text())
    util.validate_config(util.prepare_config(config))
    starts = [
        re.search(r"ray start (.*)", command)[1]
        for kind in ("head", "worker")
        for command in config[f"{kind}_start_ray_commands"]
        if "ray start" in command
    ]
    assert len(starts) == 2
    for start in starts:
        check_ray_start(shlex.split(start))


def test_the_commands_of_the_files_parse():
    found = 0
    for path in DEPLOY.iterdir():
        text = re.sub(r"\\\n#? *", "", path.read_text())
        for command in re.findall(r"(?<=[/ =])cppo ((?:eval|sandbox) .*)", text):
            found += 1
            check_cppo(shlex.split(re.split(r"…|'| {3,}", command)[0]))
    [server] = [pod for one in manifests("judge.yaml") for pod in as_pods(one)]
    command = server["spec"]["containers"][0]["command"]
    assert command[0] == "cppo" and found >= 3
    check_cppo(command[1:])


def test_the_slurm_script_starts_ray_on_each_node_and_ends_as_its_command(tmp_path):
    """With a `srun` that writes down what it was given."""
    for tool, does in {
        "srun": 'echo "srun $*" >>"$LOG"; exec sleep 60',
        "scontrol": "printf 'localhost\\ntwo\\n'",
        "ray": "true",
        "cppo": 'sleep 0.2; echo "cppo $*" >>"$LOG"; exit 3',
    }.items():
        (tmp_path / tool).write_text(f"#!/bin/sh\n{does}\n")
        (tmp_path / tool).chmod(0o755)
    log = tmp_path / "log"
    slurm = {"SLURM_JOB_NODELIST": "x", "SLURM_JOB_NUM_NODES": "2", "SLURM_JOB_ID": "7"}
    done = subprocess.run(
        ["bash", DEPLOY / "slurm.sh", "eval", "--agent", "oracle"],
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}", "LOG": str(log), **slurm}
        | {"SLURM_CPUS_ON_NODE": "8"},
        timeout=60,
    )
    assert done.returncode == 3, "the command's own"
    *nodes, command = log.read_text().splitlines()
    assert len(nodes) == 2
    for node in nodes:
        options = node.split(" ray start ")[1]
        assert "--num-cpus 6" in options
        check_ray_start(shlex.split(options))
    assert "--sandbox_options.address 127.0.0.1:20007" in command
    check_cppo(shlex.split(command)[1:])
