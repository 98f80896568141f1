"""The architecture holds: who imports whom, what the core pulls in, how long files get."""

import ast
import subprocess
import sys
import tomllib
from graphlib import TopologicalSorter
from pathlib import Path

import cppo_grpo
import grimp
import pytest

from cppo_env import plugins
from cppo_env.errors import MissingExtraError

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("cppo_env", "sandboxes", "agents", "viewer", "cluster", "benchmarks", "examples")


def test_importing_the_core_pulls_no_heavy_package():
    heavy = {
        "torch",
        "transformers",
        "docker",
        "openai",
        "vllm",
        "pyarrow",
        "rich",
        "jsonargparse",
        "scipy",
    }
    code = f"import cppo_env, sys; print(*sorted({heavy!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_what_the_contract_names_is_there_after_one_import():
    code = "import cppo_env as c; print(c.estimators.pass_at_k(4, 1, 4), c.parsing.__name__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1.0", "cppo_env.parsing"]


def test_imports_run_downwards():
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_no_import_closes_a_circle():
    graph = grimp.build_graph(
        "cppo_env", "cppo_sandboxes", "cppo_agents", "cppo_grpo", "cppo_cluster"
    )
    imports = {name: graph.find_modules_directly_imported_by(name) for name in graph.modules}
    assert sum(map(len, imports.values())) > 500
    TopologicalSorter(imports).prepare()  # raises CycleError, which names the circle


WITHOUT_HEAVY = """
import sys
from importlib.machinery import PathFinder

class Absent(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        heavy = name.partition(".")[0] in ("torch", "transformers", "pydantic")
        return None if heavy else super().find_spec(name, path, target)

sys.meta_path[sys.meta_path.index(PathFinder)] = Absent
"""


@pytest.mark.parametrize("command", [[], ["train"], ["eval"], ["run"]], ids=" ".join)
def test_help_needs_neither_torch_nor_transformers_nor_pydantic(command):
    code = WITHOUT_HEAVY + f"from cppo_env.cli import main; main({[*command, '--help']!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"usage: {' '.join(['cppo', *command])}" in done.stdout


def test_the_learner_exports_what_a_python_user_needs_and_loads_it_on_first_use():
    code = WITHOUT_HEAVY + "import cppo_grpo; print(cppo_grpo.TrainConfig().k)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "4\n", "")
    assert {"TrainConfig", "Run", "train", "Learner", "Rollout", "play"} <= set(cppo_grpo.__all__)
    checked = ast.parse(Path(cppo_grpo.__file__).read_text())
    for_type_checkers = {
        alias.name
        for node in ast.walk(checked)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("cppo_grpo")
        for alias in node.names
    }
    assert for_type_checkers == set(cppo_grpo.__all__)
    for name in cppo_grpo.__all__:
        assert getattr(cppo_grpo, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'Learnr'"):
        cppo_grpo.Learnr  # noqa: B018


@pytest.mark.parametrize("folder", ["agents", "sandboxes"])
def test_folders_of_packages_are_no_package(folder):
    assert not (ROOT / folder / "__init__.py").exists()


def test_no_file_passes_400_lines():
    files = [path for folder in PACKAGES for path in (ROOT / folder).rglob("*.py")]
    assert len(files) > 20
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in files}
    assert {name: lines for name, lines in lengths.items() if lines > 400} == {}


def test_every_plug_in_of_the_package_loads():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    groups, extras = project["entry-points"], project["optional-dependencies"]
    assert {"cppo_env.problems", "cppo_env.judges", "cppo_env.sandboxes", "cppo_env.agents"} <= set(
        groups
    )
    for group, entries in groups.items():
        for name in entries:
            try:
                plugins.load(group.removeprefix("cppo_env."), name)
            except MissingExtraError as error:
                # Trackers with an extra of their own, which the one for development leaves out.
                assert name in extras and name not in extras["dev"][0], error
