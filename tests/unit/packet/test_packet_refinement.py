"""Refinements: fields and anchors."""

from gatekeeper.packet.parse import parse_refinement

TEXT = b"""### METADATA
- WP_ID: WP-1-X
- **USER_REVIEW_STATUS**: APPROVED
#### ANCHOR 1
- SPEC_ANCHOR: S.md 2.3 [CX-1]
- CONTEXT_START_LINE: 3
- CONTEXT_END_LINE: `9`
- CONTEXT_TOKEN: `Requirements`
- CONTEXT_TOKEN: later
- EXCERPT_ASCII_ESCAPED:
  ```text
  - SPEC_ANCHOR: in a fence
  ```
#### ANCHOR 2
- SPEC_ANCHOR: S.md end
- CONTEXT_START_LINE: <line>
- CONTEXT_TOKEN:
"""


def test_each_spec_anchor_owns_the_context_fields_below_it() -> None:
    refinement = parse_refinement("r.md", TEXT)
    assert [(a.line, a.anchor, a.start, a.end, a.token) for a in refinement.anchors] == [
        (5, "S.md 2.3 [CX-1]", 3, 9, "Requirements"),
        (15, "S.md end", None, None, None),
    ]
    status = refinement.field("user-review-status")
    assert status is not None
    assert (status.value, status.line) == ("APPROVED", 3)


def test_a_refinement_without_anchors_has_none() -> None:
    assert parse_refinement("r.md", b"").anchors == ()
