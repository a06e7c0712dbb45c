"""``gate status``."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from gatekeeper.cli.common import Common, Format
from gatekeeper.cli.declared import Argument, Option
from gatekeeper.model.errors import ExitCode, UsageError

if TYPE_CHECKING:  # as in show.py
    from gatekeeper.model.errors import LedgerError
    from gatekeeper.runs.timelines import History

NAME = "status"


def command(
    common: Common,
    wp_id: Annotated[str | None, Argument(metavar="[WP-ID]")] = None,
    log: Annotated[bool, Option("--log", help="The ledger's events.")] = False,
    board: Annotated[bool, Option("--board", help="A Markdown board of all packets.")] = False,
    write: Annotated[Path | None, Option("--write", help="Write the board to this file.", metavar="FILE")] = None,
    check: Annotated[
        Path | None,
        Option("--check", help="Fail if this file's board isn't the present one.", metavar="FILE"),
    ] = None,
) -> int:
    """Where every packet stands and what comes next; one packet's timeline; the board."""
    common.offers(NAME, Format.TEXT, Format.JSON)
    if (write or check) and not board:
        raise UsageError("--write and --check are for the board.", hint="gate status --board --write FILE")
    if write and check:
        raise UsageError("--write writes and --check never does.", hint="give one of them")
    if board and (log or wp_id):
        raise UsageError("The board holds all packets, and no events.", hint="gate status --board")
    if board:
        return _board(common, write, check)
    if log:
        return _log(common, wp_id)
    return _one(common, wp_id) if wp_id else _all(common)


def _all(common: Common) -> int:
    from gatekeeper.reports.status import packet_json, render_json, render_overview
    from gatekeeper.runs.status import overview

    found = overview(common.root, config=common.config)
    if common.format is Format.JSON:
        body = {"packets": [packet_json(packet) for packet in found.packets]}
        common.emit(render_json("gatekeeper/status/v1", body))
    else:
        common.emit(render_overview(found.packets))
    return _missed(common, found.missed)


def _one(common: Common, wp_id: str) -> int:
    from gatekeeper.reports.status import packet_json, render_json, render_packet
    from gatekeeper.runs.timelines import timeline

    found = timeline(common.root, wp_id, config=common.config)
    if common.format is Format.JSON:
        signature = asdict(found.signature) if found.signature else None
        body = {
            "packet": packet_json(found.packet),
            "signature": signature,
            "timeline": [asdict(moment) for moment in found.moments],
        }
        common.emit(render_json("gatekeeper/status-packet/v1", body))
    else:
        common.emit(render_packet(found.packet, _facts(found), found.moments))
    return _missed(common, found.missed)


def _facts(found: "History") -> dict[str, str | None]:
    packet, signature, verdict = found.packet, found.signature, found.packet.verdict
    signed = changed = elsewhere = None
    if signature:
        signed = signature.token + (f" by {signature.signer}" if signature.signer else "")
        changed = ", ".join(signature.changed) or None
        elsewhere = ", ".join(signature.elsewhere) or None
    ran = f"{verdict.gate} {verdict.status}" + (f" at {verdict.at}" if verdict.at else "") if verdict else None
    return {
        "packet": packet.path,
        "Status": packet.status,
        "owner": packet.owner,
        "signed": signed,
        "changed": f"{changed}, since it was signed" if changed else None,
        "token also": elsewhere,
        "last verdict": ran,
        "next": packet.next,
    }


def _log(common: Common, wp_id: str | None) -> int:
    from gatekeeper.reports.status import render_json, render_log
    from gatekeeper.runs.timelines import log, told

    events = log(common.root, wp_id, config=common.config)
    if common.format is Format.JSON:
        body = {"events": [{**event._asdict(), "payload": event.data} for event in events]}
        common.emit(render_json("gatekeeper/status-log/v1", body))
    else:
        rows = [(event.seq, event.at, event.wp_id or "-", event.actor, told(event)) for event in events]
        common.emit(render_log(rows))
    return 0


def _board(common: Common, write: Path | None, check: Path | None) -> int:
    from gatekeeper.reports.board import difference, render_board
    from gatekeeper.runs.board import board_for, write_board

    file = write or check
    board = board_for(common.root, file, render_board, config=common.config)
    if write is not None:
        wrote = write_board(write, board)
        common.emit(f"{'Wrote' if wrote else 'Nothing to change in'} {write}\n")
        return 0
    if check is None:
        common.emit(board.text)
        return 0
    if board.expected == board.found:
        common.emit(f"{check} holds the present board.\n")
        return 0
    texts = ((data or b"").decode("utf-8", "replace") for data in (board.found, board.expected))
    found, expected = texts
    common.emit(difference(found, expected, str(check)) or f"{check} differs in its line ends alone.\n")
    common.tell([f"{check} doesn't hold the present board; gate status --board --write {check} mends it."])
    return ExitCode.FAIL


def _missed(common: Common, missed: "LedgerError | None") -> int:
    if missed is None:
        return 0
    common.tell([f"The ledger could not be read, so what it knows is missing here. {missed.message}"])
    return int(missed.exit_code)
