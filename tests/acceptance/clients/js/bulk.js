"use strict";

const { connect, tell, refusal } = require("./told.js");

const collect = (stream) =>
  new Promise((resolve, reject) => {
    const records = [];
    stream.on("record", (record) => records.push(record));
    stream.on("end", () => resolve(records));
    stream.on("error", reject);
  });

tell(async () => {
  const conn = connect();
  conn.bulk.pollInterval = conn.bulk2.pollInterval = 20;

  const rows = Array.from({ length: 30 }, (_, n) => ({ LastName: `${n}`, Company: "v1" }));
  const loaded = await conn.bulk.load("Lead", "insert", [...rows, { LastName: "no company" }]);
  const changed = await conn.bulk.load(
    "Lead",
    "update",
    loaded.slice(0, 2).map(({ id }) => ({ Id: id, Title: 'a "quoted", title' })),
  );
  const queried = await collect(
    await conn.bulk.query("SELECT LastName, Title FROM Lead WHERE Company = 'v1'"),
  );
  const removed = await conn.bulk.load("Lead", "delete", [{ Id: loaded[0].id }]);

  const input = Array.from({ length: 30 }, (_, n) => ({ Name: `v2 ${n}`, ExternalId__c: `v2-${n}` }));
  const second = await conn.bulk2.loadAndWaitForResults({
    object: "Account",
    operation: "upsert",
    externalIdFieldName: "ExternalId__c",
    input: [...input, { Name: "", ExternalId__c: "v2-x" }],
    pollInterval: 20,
  });
  const soql = "SELECT Name, Phone FROM Account WHERE Name LIKE 'v2 %'";
  const fetched = await collect(await conn.bulk2.query(soql, { pollInterval: 20 }));

  const job = conn.bulk2.createJob({ object: "Account", operation: "insert" });
  const opened = await job.open();
  await job.abort();
  const aborted = await job.check();
  await job.delete();
  return {
    loaded: loaded.map(({ success, errors }) => [success, errors.length]),
    changed: changed.map(({ success }) => success),
    queried: queried.map(({ LastName, Title }) => [LastName, Title]),
    removed: removed.map(({ success }) => success),
    second: {
      created: second.successfulResults.map(({ sf__Created }) => sf__Created),
      failed: second.failedResults.map(({ sf__Error, ExternalId__c }) => [sf__Error, ExternalId__c]),
      unprocessed: second.unprocessedRecords.length,
    },
    fetched: fetched.map(({ Name }) => Name),
    states: [opened.state, aborted.state],
    deleted: await refusal(conn.bulk2.job("ingest", { id: opened.id }).check()),
    badQuery: await refusal(conn.bulk2.query("SELECT Nothing__c FROM Account")),
  };
});
