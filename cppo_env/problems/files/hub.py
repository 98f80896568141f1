"""Problem sets on the Hugging Face hub: resumed and verified downloads.

Sets whose genuine files were read are pinned to a commit. Of the others the newest commit is taken,
and named.
"""

from __future__ import annotations

import hashlib
import importlib
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, cast

from cppo_env.errors import ProblemDataError, UnknownNameError, UsageError
from cppo_env.plugins import missing_extra, suggest
from cppo_env.problems.files.sources import data_folder


@dataclass(frozen=True, slots=True)
class HubSet:
    """A data set on the hub."""

    repository: str
    revision: str
    """A commit, or "main" for a set whose files were never checked against one."""
    files: str
    """Pattern of the files that hold problems."""
    licence: str
    """What the set's card says; statements stay the property of the contest sites."""


NOT_VERIFIED = "not verified; see the set's card"

SETS = {
    "apps": HubSet("codeparrot/apps", "21e74ddf8de1a21436da12e3e653065c5213e9d1", "*.jsonl", "MIT"),
    "code_contests": HubSet(
        "deepmind/code_contests",
        "802411c3010cb00d1b05bad57ca77365a3c699d6",
        "data/*.parquet",
        "CC BY 4.0",
    ),
    "livecodebench": HubSet(
        "livecodebench/code_generation_lite",
        "0fe84c3912ea0c4d4a78037083943e8f0c4dd505",
        "test*.jsonl",
        "CC, version not stated",
    ),
    "deepcoder": HubSet(
        "agentica-org/DeepCoder-Preview-Dataset", "main", "*/*.parquet", NOT_VERIFIED
    ),
    "codeforces": HubSet("open-r1/codeforces", "main", "data/*.parquet", "CC BY 4.0"),
    "code_contests_plus": HubSet(
        "ByteDance-Seed/Code-Contests-Plus", "main", "ccplus_1x/*.parquet", NOT_VERIFIED
    ),
    "aethercode": HubSet("m-a-p/AetherCode", "main", "v1_2024/*.parquet", NOT_VERIFIED),
    "taco": HubSet("BAAI/TACO", "main", "*.parquet", "Apache-2.0, parts MIT and CC BY 4.0"),
    "prime_intellect": HubSet(
        "PrimeIntellect/verifiable-coding-problems", "main", "data/*.parquet", "none stated"
    ),
    "humaneval_plus": HubSet("evalplus/humanevalplus", "main", "data/*.parquet", "Apache-2.0"),
    "mbpp_plus": HubSet("evalplus/mbppplus", "main", "data/*.parquet", "Apache-2.0"),
    "gsm8k": HubSet("openai/gsm8k", "main", "main/*.parquet", "MIT"),
    "hendrycks_math": HubSet("EleutherAI/hendrycks_math", "main", "*/*.parquet", "MIT"),
}


@dataclass(frozen=True, slots=True)
class Downloaded:
    """What a download left on this machine."""

    folder: Path
    revision: str
    """The commit that was fetched."""
    sha256: dict[str, str]
    """File → checksum, equal to the hub's."""
    bytes: int


def download(
    name: str, *, only: str | None = None, folder: Path | None = None, endpoint: str | None = None
) -> Downloaded:
    """Fetch a published set. Complete files are only verified; partial ones are resumed.

    Args:
        name: one of `SETS`.
        only: pattern of the files to fetch, such as "data/valid*". Default: all files with
            problems.
        folder: destination. Default: where the set's name looks for them.
        endpoint: address of the hub. Default: $HF_ENDPOINT, else the public hub.

    Raises:
        UnknownNameError: unknown set.
        MissingExtraError: huggingface_hub is not installed.
        ProblemDataError: the hub cannot be reached, or a file differs from the pinned revision.
    """
    if name not in SETS:
        raise UnknownNameError(f"no set to download named {name!r}; {suggest(name, sorted(SETS))}")
    published, folder = SETS[name], folder or data_folder() / name
    try:
        import huggingface_hub
    except ModuleNotFoundError as error:
        raise missing_extra(error, "cppo problems download") from error
    hub: Any = huggingface_hub
    api: Any = hub.HfApi(endpoint=endpoint)
    pinned = {
        "repo_id": published.repository,
        "repo_type": "dataset",
        "revision": published.revision,
    }
    try:
        about = api.repo_info(**pinned, files_metadata=True)
        listed: dict[str, Any] = {entry.rfilename: entry for entry in about.siblings}
        pinned["revision"] = about.sha or published.revision
        wanted = {
            path: entry
            for path, entry in listed.items()
            if fnmatchcase(path, only or published.files)
        }
        if not wanted:
            raise UsageError(
                f"only: got {only!r}, expected a pattern of some of {', '.join(listed)}"
            )
        hub.snapshot_download(
            **pinned, local_dir=folder, allow_patterns=sorted(wanted), endpoint=endpoint
        )
    except (OSError, _transport_error()) as error:
        raise ProblemDataError(_unreachable(name, published, folder, error)) from error
    checksums = {path: _checked(folder / path, entry) for path, entry in wanted.items()}
    return Downloaded(
        folder, pinned["revision"], checksums, sum(entry.size for entry in wanted.values())
    )


def _transport_error() -> type[Exception]:
    """The base error of the hub client's HTTP library, which depends on its version."""
    from huggingface_hub import utils

    session: Any = cast(Any, utils).get_session()
    library: Any = importlib.import_module(type(session).__module__.partition(".")[0])
    return library.HTTPError


def _checked(file: Path, entry: Any) -> str:
    """The file's SHA-256, if its content is what the hub lists.

    Large files are listed by SHA-256, small ones by git's blob hash.
    """
    sha256, blob = (
        hashlib.sha256(),
        hashlib.sha1(f"blob {file.stat().st_size}\0".encode(), usedforsecurity=False),
    )
    with file.open("rb") as stream:
        while block := stream.read(1 << 20):
            sha256.update(block)
            blob.update(block)
    expected, found = (entry.lfs.sha256, sha256) if entry.lfs else (entry.blob_id, blob)
    if found.hexdigest() != expected:
        raise ProblemDataError(
            f"{file}: its checksum differs from the hub's; delete the file and download again"
        )
    return sha256.hexdigest()


def _unreachable(name: str, published: HubSet, folder: Path, error: Exception) -> str:
    reason = str(error).strip().partition("\n")[0] or type(error).__name__
    return (
        f"the hub cannot be reached ({reason}); where it can, download the files "
        f"{published.files} of the data set "
        f"{published.repository} at revision {published.revision} and put them into {folder}"
    )
