"""Names in JavaScript and TypeScript under whatever alias, and what only looks like the database."""

import pytest
from audits import audited

PACKS = {"packs": ["typescript-sql"]}


def lines(path: str, source: str, rule: str) -> list[int | None]:
    outcome = audited({path: source}, audit=PACKS)
    return [f.line for f in outcome.findings if f.rule == f"CX-DBP-VAL-{rule}" and f.severity == "error"]


@pytest.mark.parametrize(
    "source",
    [
        'import pg from "pg";\nnew pg.Pool();',
        'import pg from "pg";\nconst { Pool: P } = pg; new P();',
        'import { default as pg } from "pg";\nnew pg["Client"]();',
        'import * as all from "pg";\nnew all.default.Pool();',
        'import pg from "pg"; const later = pg, P = later;\nnew P.Pool();',
        'let pg; pg = require("pg");\nnew pg.Pool();',
        'const\n P = require("pg").Pool;',
        'async function f() { const { DatabaseSync: D } = await import("node:sqlite");\nnew D(""); }',
        "export const f = async () =>\n  new (await import(`pg`)).Pool();",
        '\nimport("pg").then(pg => new pg.Pool());',
        '\nexport const lazy = () => import("pg");',
        'import postgres from "postgres";\nexport const db = await postgres<Types>(url);',
        '\nrequire("knex")({ client: "pg" });',
        '\nexport { Pool as Store, DatabaseError } from "pg";',
        '\nexport * as pg from "pg";',
        'import { Client } from "pg";\nexport { Client };',
        'const pg = require("pg");\nmodule.exports = pg;',
        'import { PrismaClient as C } from "../generated/client";\nexport const c = new C();',
        '\nawait pool.query<Row>("SELECT name FROM documents");',
        "\ndb?.query?.({ text: `SELECT name FROM documents` });",
        'const Q = "SELECT name" +\n " FROM documents";\ndb.all(Q);',
        "\nexport const rows = () => sql<Row[]>`UPDATE ${table} SET done = 1`;",
    ],
)
def test_the_database_is_found_under_any_name(source: str) -> None:
    found = lines("src/api.ts", source, "010")
    assert found == [source.count("\n") + 1]


@pytest.mark.parametrize(
    "source",
    [
        "import { Pool } from 'pg';",
        "import pg from 'pg';\nfunction f(pg) { return new pg.Pool(); }",
        "import pg from 'pg';\nconst f = (pg) => new pg.Pool();\nconst g = pg => new pg.Pool();",
        "import pg from 'pg';\n{ const pg = other(); new pg.Pool(); }\nfor (const pg of list) { new pg.Pool(); }",
        "import { Pool } from './workers';\nnew Pool();",
        "import { Pool } from 'pgx';\nnew Pool();",
        "const pg = require(name);\nnew pg.Pool();",
        "import pg from 'pg';\nexport const s = `new pg.Pool()`; // new pg.Pool()",
        "import { DatabaseError, types } from 'pg';\ntypes.setTypeParser(1, Number); throw new DatabaseError();",
        "const names = list.get('select the first of them'); run('SELECT name FROM documents');",
        "test.each([1])('x', async () => { await db.query('SELECT name FROM documents'); });",
        "describe('x', function () { before(() => db.exec('DELETE FROM documents')); });",
    ],
)
@pytest.mark.parametrize("path", ["src/api.ts", "src/api.js", "src/api.tsx", "src/api.cjs"])
def test_what_only_looks_like_it_is_left(path: str, source: str) -> None:
    assert lines(path, source, "010") == []


def test_a_name_that_is_hidden_within_one_function_counts_around_it() -> None:
    source = "import pg from 'pg';\nfunction f() {\n  function g(pg) {}\n  return new pg.Pool();\n}\n"
    assert lines("src/api.js", source, "010") == [4]


@pytest.mark.parametrize(
    "declaration",
    [
        "function f(...pools: Pool[]) {}",
        "export const f = async ({ pool }: { pool: Pool }) => 1;",
        "export default class { #pool?: Pool; }",
        "class A { constructor(@Inject(POOL) private readonly pool: Pool) {} }",
        "declare function f(): Promise<Pool>;",
        "abstract class A { abstract f(pool: Pool): void; }",
        "export const f = (pool: unknown): pool is Pool => true;",
        "interface Store extends Pool {}",
        "export let pool: Pool | null = null;",
        "class A<T extends Pool> {}",
        "export type { Pool };",
    ],
)
def test_a_type_of_the_driver_in_a_signature_is_found(declaration: str) -> None:
    source = f"import type {{ Pool }} from 'pg';\n{declaration}\n"
    assert lines("src/api.ts", source, "012") == [2]


def test_a_type_within_a_body_or_of_a_parameter_of_types_is_no_signature() -> None:
    source = "import type { Pool } from 'pg';\nfunction f<Pool>(a: Pool) {}\nfunction g() { let a: Pool; }\n"
    assert lines("src/api.ts", source, "012") == []


@pytest.mark.parametrize("folder", ["test", "tests", "__tests__"])
def test_a_folder_of_tests_is_test_code(folder: str) -> None:
    assert lines(f"src/{folder}/a.ts", 'import pg from "pg";\nnew pg.Pool();', "010") == []
