"""The languages that rules can read: by a file's name, and what comments, strings and test code are in each."""

from functools import lru_cache
from posixpath import basename, dirname, splitext

_EXTENSIONS = {
    ".rs": "rust",
    ".py": "python",
    ".pyi": "python",
    ".js": "javascript",
    ".mjs": "javascript",
    ".cjs": "javascript",
    ".jsx": "javascript",
    ".ts": "typescript",
    ".mts": "typescript",
    ".cts": "typescript",
    ".tsx": "tsx",
    ".go": "go",
    ".sql": "sql",
}
_JAVASCRIPT = frozenset({"javascript", "typescript", "tsx"})
TYPESCRIPT_KINDS = frozenset(
    {
        *("abstract_class_declaration", "enum_declaration", "optional_parameter", "required_parameter"),
        *("type_identifier", "nested_type_identifier", "non_null_expression", "instantiation_expression"),
        "type_parameter",
    }
)
"""What the grammar of JavaScript doesn't know of that of TypeScript."""
COMMENTS = {
    "rust": ("line_comment", "block_comment"),
    "python": ("comment",),
    "javascript": ("comment", "html_comment"),
    "typescript": ("comment", "html_comment"),
    "tsx": ("comment", "html_comment"),
    "go": ("comment",),
}
STRINGS = {
    "rust": ("string_literal", "raw_string_literal", "char_literal"),
    "python": ("string",),
    "javascript": ("string", "template_string"),
    "typescript": ("string", "template_string"),
    "tsx": ("string", "template_string"),
    "go": ("interpreted_string_literal", "raw_string_literal", "rune_literal"),
}


@lru_cache(maxsize=1 << 16)
def language_of(path: str) -> str | None:
    """The language of a file by its name, None where no rule reads it."""
    dot = path.rfind(".")
    known = _EXTENSIONS.get(path[dot:].lower()) if dot > 0 else None
    # What is only an ending is a hidden file's name.
    return known if known is not None and path[path.rfind("/") + 1 : dot].strip(".") else None


def family_of(language: str | None) -> str | None:
    """The language as rules about names and SQL know it: JavaScript and TypeScript's forms are one, typescript."""
    return "typescript" if language in _JAVASCRIPT else language


@lru_cache(maxsize=1 << 16)
def is_test_file(path: str) -> bool:
    """Whether all of a file is test code by its place or name, as the language's own test runner has it."""
    if "test" not in path and "spec" not in path:
        return False
    name, folders = basename(path), dirname(path).split("/")
    if "tests" in folders:
        return True
    stem, language = splitext(name)[0], language_of(path)
    if language == "python":
        return stem.startswith("test_") or stem.endswith("_test") or stem == "conftest"
    if language == "go":
        return stem.endswith("_test")
    if language in _JAVASCRIPT:
        return stem.endswith((".test", ".spec")) or not {"__tests__", "test"}.isdisjoint(folders)
    return False
