"""The messages of the commits between base and head."""

from gatekeeper.changes.repository import Repository


def messages(repo: Repository, base: str | None, head: str) -> tuple[str, ...]:
    """The message of every commit that ``head`` holds and ``base`` doesn't (None: of all), newest first.

    One process. Raises NotRunError where a shallow clone lacks some of them.
    """
    since = () if base is None else (f"^{base}",)
    fields = "--format=%H%x00%P%x00%B"
    answer = repo.git.run("log", "-z", "--no-show-signature", "--encoding=UTF-8", fields, head, *since, "--")
    records = answer.out.decode("utf-8", "replace").split("\0")
    commits = list(zip(records[0::3], records[1::3], records[2::3], strict=False))
    # At the cut git shows a commit without the parents that it names.
    if repo.is_shallow and any(not parents and repo.parents(commit) for commit, parents, _ in commits):
        raise repo.cut_off(f"Part of the history that leads to {head[:12]}")
    return tuple(message for _, _, message in commits)
