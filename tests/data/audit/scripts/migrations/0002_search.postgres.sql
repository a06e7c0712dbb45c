SELECT now()::text;
