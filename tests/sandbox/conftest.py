import pytest

import cppo_env
from tests.support.jobs import BACK_ENDS


@pytest.fixture(scope="module", params=BACK_ENDS)
def sandbox(request):
    with cppo_env.make_sandbox(request.param, workers=2) as box:
        yield box
