"""The questions put to PostgreSQL's catalog (13 to 18), one query a purpose.

They expect ``search_path`` to be ``public``: what lies there is named without its schema. What belongs to
extensions is left out.
"""

import re

OWN = "n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'"
SCHEMA = "CASE n.nspname WHEN 'public' THEN '' ELSE n.nspname || '.' END"


def not_of_extension(catalog: str, oid: str) -> str:
    """The condition that an object of that catalog belongs to no extension."""
    return (
        f"NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = '{catalog}'::regclass"
        f" AND e.objid = {oid} AND e.deptype = 'e')"
    )


# A constraint's or sequence's name that PostgreSQL made up itself doesn't count (contract, section 5).
_GENERATED_NAME = r"con.conname ~ '_(pkey|key|fkey|check|excl)\d*$'"
VOLATILE = r"""(a.attidentity <> '' OR pg_get_expr(d.adbin, d.adrelid) ~ '\w\(|\m(CURRENT|LOCAL)_?(TIME|DATE)')"""

# What belongs to no table: one answer, read anew when any of it changed.
WHOLE = f"""
SELECT 'schema', n.nspname::text, '' FROM pg_namespace n
WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
  AND {not_of_extension("pg_namespace", "n.oid")}
UNION ALL
SELECT 'extension', x.extname::text, 'version ' || x.extversion FROM pg_extension x
UNION ALL
SELECT 'trigger', v.evtname::text,
  concat_ws(' ', v.evtevent, v.evtfoid::regproc::text, v.evtenabled, v.evttags::text)
FROM pg_event_trigger v
UNION ALL
SELECT 'type', {SCHEMA} || t.typname, CASE t.typtype
  WHEN 'e' THEN 'enum ' || COALESCE((SELECT string_agg(quote_literal(l.enumlabel), ', ' ORDER BY l.enumsortorder)
    FROM pg_enum l WHERE l.enumtypid = t.oid), '')
  WHEN 'd' THEN concat_ws(' ', 'domain', format_type(t.typbasetype, t.typtypmod),
    CASE WHEN t.typnotnull THEN 'not null' END, 'default ' || t.typdefault,
    (SELECT string_agg(pg_get_constraintdef(k.oid), ' ' ORDER BY pg_get_constraintdef(k.oid))
      FROM pg_constraint k WHERE k.contypid = t.oid AND k.contype = 'c'))
  WHEN 'c' THEN 'composite ' || COALESCE((
    SELECT string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ', ' ORDER BY a.attnum)
    FROM pg_attribute a WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped), '')
  ELSE concat_ws(' ', 'type', t.typtype,
    (SELECT format_type(g.rngsubtype, NULL) FROM pg_range g WHERE g.rngtypid = t.oid))
  END
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_class c ON c.oid = t.typrelid
WHERE t.typtype IN ('e', 'd', 'r', 'b', 'c') AND t.typelem = 0 AND (t.typtype <> 'c' OR c.relkind = 'c') AND {OWN}
  AND {not_of_extension("pg_type", "t.oid")}
UNION ALL
SELECT 'function', {SCHEMA} || f.proname || '(' || pg_get_function_identity_arguments(f.oid) || ')',
  CASE f.prokind WHEN 'a' THEN 'aggregate ' || (SELECT concat_ws(' ', g.aggtransfn::regproc, g.aggfinalfn::regproc,
    format_type(g.aggtranstype, NULL), g.agginitval) FROM pg_aggregate g WHERE g.aggfnoid = f.oid)
  ELSE pg_get_functiondef(f.oid) END
FROM pg_proc f JOIN pg_namespace n ON n.oid = f.pronamespace
WHERE {OWN} AND {not_of_extension("pg_proc", "f.oid")}
"""  # noqa: S608 - constants only

# On a server of our own, roles are the run's too.
ROLES = """
UNION ALL
SELECT 'role', r.rolname::text, concat_ws(' ', CASE WHEN r.rolsuper THEN 'superuser' END,
  CASE WHEN r.rolcanlogin THEN 'login' END, CASE WHEN r.rolcreatedb THEN 'createdb' END,
  CASE WHEN r.rolcreaterole THEN 'createrole' END, CASE WHEN r.rolreplication THEN 'replication' END,
  CASE WHEN r.rolbypassrls THEN 'bypassrls' END, CASE WHEN NOT r.rolinherit THEN 'noinherit' END,
  (SELECT string_agg(m.roleid::regrole::text, ',' ORDER BY m.roleid)
    FROM pg_auth_members m WHERE m.member = r.oid))
FROM pg_roles r WHERE r.oid >= 16384
"""

# Whether WHOLE and ROLES are as they were, in one number.
_WHOLE_STAMP = f"""
SELECT sum(hashtextextended(stamp, 0))::text FROM (
  SELECT concat('s', n.xmin, n.ctid) AS stamp FROM pg_namespace n WHERE {OWN}
  UNION ALL SELECT concat('x', x.xmin, x.ctid) FROM pg_extension x
  UNION ALL SELECT concat('v', v.xmin, v.ctid) FROM pg_event_trigger v
  UNION ALL SELECT concat('e', l.xmin, l.ctid) FROM pg_enum l
  UNION ALL SELECT concat('l', l.xmin, l.ctid) FROM pg_collation l WHERE l.oid >= 16384
  UNION ALL SELECT concat('k', k.xmin, k.ctid) FROM pg_constraint k WHERE k.contypid <> 0 AND k.oid >= 16384
  UNION ALL SELECT concat('f', f.xmin, f.ctid) FROM pg_proc f WHERE f.oid >= 16384
  UNION ALL SELECT concat('t', t.xmin, t.ctid) FROM pg_type t LEFT JOIN pg_class c ON c.oid = t.typrelid
    WHERE t.oid >= 16384 AND t.typelem = 0 AND (t.typtype <> 'c' OR c.relkind = 'c')
  UNION ALL SELECT concat('a', a.xmin, a.ctid) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    WHERE c.relkind = 'c' AND c.oid >= 16384
  UNION ALL SELECT concat('r', r::text) FROM pg_roles r WHERE r.oid >= 16384
) every
"""  # noqa: S608 - constants only


def _stamp(row: str = "", extra: str = "") -> str:
    """A number that tells one version of a catalog's row from every other: who wrote it, and where it lies.

    Numbers only, because texts took most of the time; ``age`` is relative to now, its difference is not.
    """
    ours = f"hashint8extended((age({row}xmin) - age('3'::xid))::bigint * 4294967296 + hashtid({row}ctid), 0)"
    return f"{ours} # {extra}" if extra else ours


# Each table, view and sequence: its number, name and kind, its file, whether that holds anything, its columns'
# names, a text that differs whenever a row of the catalog that belongs to it is another one, and whether rows were
# written in this transaction. The line of number 0 has such a text for what belongs to no table. One pass over
# each catalog: to look up each relation's rows took three times as long.
_RELATIONS = f"""
WITH stamped AS MATERIALIZED (
  SELECT relation, sum(stamp) AS stamp,
    array_agg(name::text ORDER BY place) FILTER (WHERE place > 0) AS names
  FROM (
    SELECT attrelid AS relation, {_stamp()} AS stamp, attnum AS place, attname AS name
      FROM pg_attribute WHERE attrelid >= 16384 AND attnum > 0
    UNION ALL SELECT adrelid, {_stamp()}, 0, NULL FROM pg_attrdef WHERE adrelid >= 16384
    UNION ALL SELECT conrelid, {_stamp()}, 0, NULL FROM pg_constraint WHERE conrelid >= 16384
    UNION ALL SELECT tgrelid, {_stamp()}, 0, NULL FROM pg_trigger WHERE tgrelid >= 16384
    UNION ALL SELECT ev_class, {_stamp()}, 0, NULL FROM pg_rewrite WHERE ev_class >= 16384
    UNION ALL SELECT polrelid, {_stamp()}, 0, NULL FROM pg_policy
    UNION ALL SELECT inhrelid, {_stamp()}, 0, NULL FROM pg_inherits
    UNION ALL SELECT seqrelid, {_stamp()}, 0, NULL FROM pg_sequence
    UNION ALL SELECT i.indrelid, {_stamp("i.", _stamp("k."))}, 0, NULL
      FROM pg_index i JOIN pg_class k ON k.oid = i.indexrelid WHERE i.indrelid >= 16384
  ) every GROUP BY relation
)
SELECT 0::bigint, '', '', NULL::bigint, false, NULL::text[], ({_WHOLE_STAMP}), false
UNION ALL
SELECT c.oid::bigint, {SCHEMA} || c.relname, c.relkind::text, pg_relation_filenode(c.oid)::bigint,
  c.relkind = 'r' AND pg_relation_size(c.oid) > 0, s.names, concat_ws(' ', {_stamp("c.")}, s.stamp),
  COALESCE(pg_stat_get_xact_tuples_inserted(c.oid) + pg_stat_get_xact_tuples_updated(c.oid)
    + pg_stat_get_xact_tuples_deleted(c.oid), 0) > 0 OR current_setting('track_counts') = 'off'
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN stamped s ON s.relation = c.oid
WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S') AND c.oid >= 16384 AND {OWN}
  AND {not_of_extension("pg_class", "c.oid")}
"""  # noqa: S608 - constants only

# What they are, of those whose numbers are given ($1): the number, then as in WHOLE.
_OBJECTS = f"""
SELECT c.oid::bigint, CASE WHEN c.relkind IN ('v', 'm') THEN 'view' ELSE 'table' END, {SCHEMA} || c.relname,
  concat_ws(' ', c.relkind, c.relpersistence, pg_get_partkeydef(c.oid), pg_get_expr(c.relpartbound, c.oid),
    (SELECT string_agg(i.inhparent::regclass::text, ',' ORDER BY i.inhseqno)
      FROM pg_inherits i WHERE i.inhrelid = c.oid),
    c.reloptions::text, CASE WHEN c.relrowsecurity THEN 'row security' END,
    CASE WHEN c.relforcerowsecurity THEN 'forced' END,
    CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END,
    CASE WHEN c.relkind IN ('v', 'm') THEN (
      SELECT string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ', ' ORDER BY a.attnum)
      FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0) END)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm') AND {OWN} AND {not_of_extension("pg_class", "c.oid")}
  AND c.oid = ANY($1)
UNION ALL
SELECT c.oid::bigint, 'column', {SCHEMA} || c.relname || '.' || a.attname,
  concat_ws(' ', format_type(a.atttypid, a.atttypmod), CASE WHEN a.attnotnull THEN 'not null' END,
    CASE WHEN a.attcollation <> t.typcollation THEN 'collate ' || l.collname END,
    CASE a.attidentity WHEN 'a' THEN 'always identity' WHEN 'd' THEN 'by default identity' END,
    CASE a.attgenerated WHEN 's' THEN 'stored' WHEN 'v' THEN 'virtual' END,
    'default ' || pg_get_expr(d.adbin, d.adrelid))
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_collation l ON l.oid = a.attcollation
  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE c.relkind IN ('r', 'p', 'f') AND a.attnum > 0 AND NOT a.attisdropped AND {OWN}
  AND {not_of_extension("pg_class", "c.oid")}
  AND c.oid = ANY($1)
UNION ALL
SELECT c.oid::bigint, 'constraint', {SCHEMA} || c.relname || '.' ||
    CASE WHEN {_GENERATED_NAME} THEN pg_get_constraintdef(con.oid) ELSE con.conname END,
  pg_get_constraintdef(con.oid)
FROM pg_constraint con JOIN pg_class c ON c.oid = con.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE con.contype IN ('p', 'u', 'f', 'c', 'x') AND {OWN} AND {not_of_extension("pg_class", "c.oid")}
  AND c.oid = ANY($1)
UNION ALL
SELECT i.indrelid::bigint, 'index', {SCHEMA} || c.relname,
  pg_get_indexdef(c.oid) || CASE WHEN i.indisvalid THEN '' ELSE ' invalid' END
    || CASE WHEN i.indisclustered THEN ' clustered' ELSE '' END
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE {OWN} AND {not_of_extension("pg_class", "i.indrelid")}
  AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
  AND i.indrelid = ANY($1)
UNION ALL
SELECT c.oid::bigint, 'trigger', {SCHEMA} || c.relname || '.' || g.tgname,
  pg_get_triggerdef(g.oid) || ' ' || g.tgenabled::text
FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE NOT g.tgisinternal AND {OWN}
  AND c.oid = ANY($1)
UNION ALL
SELECT c.oid::bigint, 'rule', {SCHEMA} || c.relname || '.' || r.rulename, pg_get_ruledef(r.oid)
FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE r.rulename <> '_RETURN' AND {OWN} AND {not_of_extension("pg_class", "c.oid")}
  AND c.oid = ANY($1)
UNION ALL
SELECT c.oid::bigint, 'policy', {SCHEMA} || c.relname || '.' || p.polname,
  concat_ws(' ', p.polcmd, p.polpermissive,
    (SELECT string_agg(o::regrole::text, ',') FROM unnest(p.polroles) o WHERE o <> 0),
    pg_get_expr(p.polqual, p.polrelid), 'check ' || pg_get_expr(p.polwithcheck, p.polrelid))
FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {OWN}
  AND c.oid = ANY($1)
UNION ALL
SELECT c.oid::bigint, 'sequence', {SCHEMA} || c.relname,
  concat_ws(' ', format_type(s.seqtypid, NULL), s.seqstart, s.seqincrement, s.seqmin, s.seqmax,
    s.seqcache, s.seqcycle,
    (SELECT 'owned by ' || o.refobjid::regclass || '.' || a.attname FROM pg_depend o
      JOIN pg_attribute a ON a.attrelid = o.refobjid AND a.attnum = o.refobjsubid
      WHERE o.classid = 'pg_class'::regclass AND o.objid = c.oid AND o.deptype IN ('a', 'i') AND o.refobjsubid > 0
      LIMIT 1))
FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE {OWN} AND {not_of_extension("pg_class", "c.oid")}
  AND c.oid = ANY($1)
"""  # noqa: S608 - constants only

# The columns whose values count, of the tables whose numbers are given.
_STEADY = f"""
SELECT c.oid::bigint, c.oid::regclass::text,
  COALESCE(array_agg(a.attname::text ORDER BY a.attnum) FILTER (WHERE NOT COALESCE({VOLATILE}, false)), '{{}}')
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum AND a.attgenerated = ''
WHERE c.oid = ANY($1) GROUP BY c.oid
"""  # noqa: S608 - constants only


def prepared(version: int) -> dict[str, str]:
    """What is prepared once a session, because to plan it takes longer than to run it; ``version`` like 180006."""
    texts = {
        "gatekeeper_relations": _RELATIONS,
        "gatekeeper_objects(oid[])": _OBJECTS,
        "gatekeeper_steady(oid[])": _STEADY,
    }
    if version < 140000:  # where hashtid is not there yet
        texts = {
            name: re.sub(r"hashtid\((\w*\.?ctid)\)", r"hashtext(\1::text)", text) for name, text in texts.items()
        }
    return texts


_SHAPE_COLUMNS = f"""
SELECT {SCHEMA} || c.relname, c.relkind::text, a.attname::text, format_type(a.atttypid, a.atttypmod),
  format_type(CASE b.typtype WHEN 'd' THEN b.typbasetype ELSE b.oid END, NULL), b.typtype::text, a.attnotnull,
  pg_get_expr(d.adbin, d.adrelid), a.attidentity <> '' OR a.attgenerated <> ''
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  JOIN pg_type b ON b.oid = a.atttypid
  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm') AND NOT c.relispartition AND {OWN}
  AND {not_of_extension("pg_class", "c.oid")}
ORDER BY 1, a.attnum
"""  # noqa: S608 - constants only

_SHAPE_CONSTRAINTS = f"""
SELECT {SCHEMA} || c.relname, con.contype::text,
  (SELECT array_agg(a.attname::text ORDER BY k.place) FROM unnest(con.conkey) WITH ORDINALITY k(number, place)
    JOIN pg_attribute a ON a.attrelid = con.conrelid AND a.attnum = k.number),
  con.confrelid::regclass::text,
  (SELECT array_agg(a.attname::text ORDER BY k.place) FROM unnest(con.confkey) WITH ORDINALITY k(number, place)
    JOIN pg_attribute a ON a.attrelid = con.confrelid AND a.attnum = k.number),
  con.confdeltype::text, con.confupdtype::text
FROM pg_constraint con JOIN pg_class c ON c.oid = con.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE con.contype IN ('p', 'u', 'f', 'c') AND NOT c.relispartition AND {OWN}
  AND {not_of_extension("pg_class", "c.oid")}
"""  # noqa: S608 - constants only

_SHAPE_INDEXES = f"""
SELECT {SCHEMA} || t.relname, {SCHEMA} || c.relname, i.indisunique, i.indpred IS NOT NULL,
  (SELECT array_agg(COALESCE(a.attname::text, '<expression>') ORDER BY k.place)
    FROM unnest(i.indkey) WITH ORDINALITY k(number, place)
    LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number AND k.number > 0
    WHERE k.place <= i.indnkeyatts)
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE t.relkind IN ('r', 'p') AND NOT t.relispartition AND {OWN} AND {not_of_extension("pg_class", "t.oid")}
  AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
"""  # noqa: S608 - constants only

# Columns, constraints and indexes, as postgres_catalog.shape takes them.
SHAPE = (_SHAPE_COLUMNS, _SHAPE_CONSTRAINTS, _SHAPE_INDEXES)
