"""Docker tests skip where no engine answers, unless CPPO_REQUIRE_DOCKER=1 makes them mandatory."""

import os
import signal

import hypothesis
import pytest

# A busy machine makes single examples slow; pytest's own timeout ends a test that hangs.
hypothesis.settings.register_profile("cppo", deadline=None)
hypothesis.settings.load_profile("cppo")

# A suite started in the background inherits an ignored SIGINT, and so would the commands that tests
# interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)

pytest.register_assert_rewrite("cppo_env.testing.contracts")


def _engine_fault() -> str | None:
    """Why Docker cannot be used here, or None."""
    import docker
    from docker.errors import DockerException

    try:
        client = docker.from_env()
    except DockerException as error:
        return str(error)
    try:
        client.ping()
    except DockerException as error:
        return str(error)
    finally:
        client.close()
    return None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the Docker tests where they cannot run and are not mandatory."""
    needing = [item for item in items if item.get_closest_marker("docker")]
    if not needing or os.environ.get("CPPO_REQUIRE_DOCKER") == "1":
        return
    if fault := _engine_fault():
        for item in needing:
            item.add_marker(pytest.mark.skip(reason=f"no Docker engine answers: {fault}"))
