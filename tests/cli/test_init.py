"""`cppo init`, and the topics of `cppo train --help`."""

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from cppo_grpo.commands.init import InitConfig, init
from cppo_grpo.config import TrainConfig

from cppo_env.cli import topics_of
from cppo_env.errors import UsageError

ROOT = Path(__file__).parents[2]


def test_the_file_has_every_setting_and_changes_none(tmp_path):
    file = tmp_path / "cppo.yaml"
    init(InitConfig(file))
    assert yaml.safe_load(file.read_text()) is None
    switched_on = "\n".join(
        line[1:] if line[:1] == "#" and line[1:2] not in ("", " ") else line
        for line in file.read_text().splitlines()
    )
    settings = yaml.safe_load(switched_on)
    names = {one.name for one in dataclasses.fields(TrainConfig)} - {"given"}
    assert set(settings) == names
    defaults = TrainConfig()
    assert {name for name in names if settings[name] != getattr(defaults, name)} == {"log_to"}
    assert settings["log_to"] == []  # a tuple, which YAML writes as a list


def test_the_settings_of_another_file_are_switched_on(tmp_path):
    file, start = tmp_path / "cppo.yaml", ROOT / "configs" / "tiny.yaml"
    init(InitConfig(file, start=start))
    assert yaml.safe_load(file.read_text()) == yaml.safe_load(start.read_text())
    with pytest.raises(UsageError, match=r"cppo.yaml exists; give another"):
        init(InitConfig(file))
    start = tmp_path / "other.yaml"
    start.write_text("stpes: 3\n")
    with pytest.raises(UsageError, match="is no config of cppo train"):
        init(InitConfig(tmp_path / "new.yaml", start=start))


def test_every_setting_of_train_has_a_topic():
    topics = topics_of(TrainConfig)
    names = [name for topic in topics.values() for name in topic]
    fields = [one.name for one in dataclasses.fields(TrainConfig) if one.name != "given"]
    assert names == fields and len(topics) > 8
    code = "from cppo_env.cli import main; main(['train', '--help'])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout
    assert said.startswith("usage: cppo train [--config FILE] [--OPTION VALUE …]\n")
    places = [said.index(f"\n{topic}:\n") for topic in topics]
    assert places == sorted(places)
    first = said.index("\nmost used:\n")
    assert first < said.index("--problems P") < said.index("--model MODEL") < places[0]
    assert places[0] < said.index("--env ENV") < places[1] < said.index("--sampler SAMPLER")
