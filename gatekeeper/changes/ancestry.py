"""Who descends from whom: the commits that lead to HEAD, read with one ``git rev-list``."""

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import accumulate

from gatekeeper.changes.repository import Repository


class Ancestry:
    """The commits up to a tip with their parents.

    The main line is the tip's chain of first parents. Every commit came onto it at one place; what came at a place
    or before belongs to all that stands on the main line from there on.
    """

    def __init__(self, tip: str, parents: Mapping[str, tuple[str, ...]]) -> None:
        self.tip = tip
        self.parents = parents

    @cached_property
    def main_line(self) -> tuple[str, ...]:
        """The main line, oldest first."""
        return tuple(reversed([*self.line(self.tip)]))

    @cached_property
    def _places(self) -> Mapping[str, int]:
        """The place on the main line at which each commit came."""
        places: dict[str, int] = {}
        for place, commit in enumerate(self.main_line):
            pending = [commit]
            while pending:
                found = pending.pop()
                if found not in places and found in self.parents:
                    places[found] = place
                    pending += self.parents[found]
        return places

    def __contains__(self, commit: str) -> bool:
        return commit in self.parents

    def line(self, commit: str) -> Iterator[str]:
        """A commit and its first parents, newest first."""
        found: str | None = commit
        while found is not None and found in self.parents:
            yield found
            found = next(iter(self.parents[found]), None)

    def fork(self, commit: str) -> str | None:
        """The newest commit of the main line that a commit contains; None where it contains none."""
        place = self._behind(commit)[0]
        return None if place < 0 else self.main_line[place]

    def contains(self, descendant: str, ancestor: str) -> bool:
        """Whether ``ancestor`` is the same commit or lies in its history."""
        if ancestor not in self.parents or descendant not in self.parents:
            return False
        place, beside = self._behind(descendant)
        return self._places[ancestor] <= place or ancestor in beside

    def since(self, commit: str, candidates: Iterator[str]) -> Iterator[str]:
        """Those of the candidates that the tip holds and the commit doesn't."""
        place, beside = self._behind(commit)
        return (each for each in candidates if self._places[each] > place and each not in beside)

    def count_since(self, commit: str) -> int:
        """How many commits the tip holds and the commit doesn't."""
        place, beside = self._behind(commit)
        return self._later[place + 1] - sum(1 for each in beside if self._places[each] > place)

    @cached_property
    def _later(self) -> list[int]:
        """For each place of the main line, and the one behind its end, how many commits came there or later."""
        came = Counter(self._places.values())
        counts = accumulate((came[place] for place in reversed(range(len(self.main_line)))), initial=0)
        return [*counts][::-1]

    def _behind(self, commit: str) -> tuple[int, frozenset[str]]:
        """The newest place of the main line that a commit contains, -1 for none, and what it holds beside that."""
        best, pending = -1, [commit]
        beside: set[str] = set()
        while pending:
            found = pending.pop()
            place = self._places.get(found)
            if place is None or place <= best or found in beside:
                continue
            if self.main_line[place] == found:
                best = place
            else:
                beside.add(found)
                pending += self.parents[found]
        return best, frozenset(beside)


def ancestry(repo: Repository, tip: str) -> Ancestry:
    """The ancestry of a commit, as far as the repository has it; one process."""
    lines = repo.git.run("rev-list", "--parents", "--topo-order", tip).out.decode("ascii").splitlines()
    return Ancestry(tip, {words[0]: tuple(words[1:]) for words in (line.split(" ") for line in lines)})
