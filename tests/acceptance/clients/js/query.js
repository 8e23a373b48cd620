"use strict";

const { connect, tell, refusal } = require("./told.js");

const everything = (conn, soql, options) =>
  new Promise((resolve, reject) => {
    const seen = [];
    const query = conn.query(soql);
    query.on("record", ({ Id }) => seen.push(Id));
    query.on("end", () => resolve({ total: query.totalSize, fetched: query.totalFetched, seen }));
    query.on("error", reject);
    query.run(options);
  });

tell(async () => {
  const conn = connect();
  const [parent] = await conn.sobject("Account").create([{ Name: "Query's parent" }]);
  await conn.sobject("Contact").create([
    { LastName: "Alpha", AccountId: parent.id, Birthdate: "2000-02-29" },
    { LastName: "Beta", AccountId: parent.id },
    { LastName: "Gamma" },
  ]);

  const first = await conn.query("SELECT Id FROM Lead");
  const second = await conn.queryMore(first.nextRecordsUrl);
  const all = await everything(conn, "SELECT Id FROM Lead", { autoFetch: true, maxFetch: 100000 });
  const built = await conn
    .sobject("Contact")
    .find({ LastName: { $like: "%a" }, AccountId: { $ne: null } }, ["LastName", "Account.Name"])
    .sort({ LastName: -1 })
    .limit(5);
  const born = await conn
    .sobject("Contact")
    .find({ Birthdate: { $gte: jsforceDate("2000-02-29") } }, "LastName");
  const children = await conn
    .sobject("Account")
    .select("Name")
    .where({ Id: parent.id })
    .include("Contacts")
    .select("LastName")
    .orderby("LastName")
    .end();
  return {
    first: [first.totalSize, first.done, first.records.length],
    second: [second.done, second.records.length],
    all: [all.total, all.fetched, new Set(all.seen).size],
    built: built.map(({ LastName, Account }) => [LastName, Account.Name]),
    born: born.map(({ LastName }) => LastName),
    children: children.map(({ Contacts }) => Contacts.records.map(({ LastName }) => LastName)),
    count: await conn.sobject("Contact").count({ LastName: ["Alpha", "Gamma"] }),
    malformed: await refusal(conn.query("SELECT FROM Account")),
  };
});

function jsforceDate(text) {
  return require("jsforce").SfDate.toDateLiteral(new Date(`${text}T00:00:00Z`));
}
