"use strict";

const { connect, tell, refusal } = require("./told.js");

tell(async () => {
  const conn = connect();
  const account = conn.sobject("Account");

  const one = await account.create({ Name: "One", ExternalId__c: "js-1" });
  const updated = await account.update({ Id: one.id, Phone: "7" });
  const read = await account.retrieve(one.id);
  const again = await account.upsert({ Name: "Again", ExternalId__c: "js-1" }, "ExternalId__c");
  const fresh = await account.upsert({ Name: "New", ExternalId__c: "js-2" }, "ExternalId__c");

  const many = await account.create([{ Name: "a" }, { Phone: "no name" }, { Name: "c" }]);
  const ids = [many[0].id, many[2].id];
  const manyUpdated = await account.update(ids.map((Id) => ({ Id, Phone: "8" })));
  const manyRead = await account.retrieve(ids, { fields: ["Name", "Phone"] });
  const manyUpserted = await account.upsert(
    [{ Name: "x", ExternalId__c: "js-2" }, { Name: "y", ExternalId__c: "js-3" }],
    "ExternalId__c",
  );
  const lots = await account.create(
    Array.from({ length: 450 }, (_, n) => ({ Name: `lot ${n}` })),
    { allowRecursive: true },
  );

  const end = new Date(Date.now() + 120_000);
  const start = new Date(end - 3_600_000);
  const destroyed = await account.destroy(one.id);
  const manyDestroyed = await account.destroy(ids);
  return {
    one,
    updated,
    read: [read.Name, read.Phone],
    again,
    fresh,
    many,
    manyUpdated,
    manyRead: manyRead.map(({ Name, Phone }) => [Name, Phone]),
    manyUpserted,
    lots: lots.filter(({ success }) => success).length,
    destroyed,
    manyDestroyed,
    changes: await account.updated(start.toISOString(), end.toISOString()),
    deletions: await account.deleted(start.toISOString(), end.toISOString()),
    gone: await refusal(account.retrieve(one.id)),
    incomplete: await refusal(account.create({ Phone: "1" })),
    unknown: await refusal(conn.sobject("Nothing__c").describe()),
  };
});
