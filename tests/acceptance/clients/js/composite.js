"use strict";

const { connect, tell } = require("./told.js");

tell(async () => {
  const conn = connect();
  const root = `/services/data/v${conn.version}`;
  const composite = await conn.requestPost("/composite", {
    allOrNone: true,
    compositeRequest: [
      { method: "POST", url: `${root}/sobjects/Account`, referenceId: "a", body: { Name: "C" } },
      { method: "GET", url: `${root}/sobjects/Account/@{a.id}`, referenceId: "b" },
    ],
  });
  const tree = await conn.requestPost("/composite/tree/Account", {
    records: [
      {
        attributes: { type: "Account", referenceId: "a" },
        Name: "Tree",
        Contacts: {
          records: [{ attributes: { type: "Contact", referenceId: "c" }, LastName: "Leaf" }],
        },
      },
    ],
  });
  const batch = await conn.request({
    method: "POST",
    url: `${root}/composite/batch`,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      batchRequests: [{ method: "GET", url: `v${conn.version}/sobjects/Account/${tree.results[0].id}` }],
    }),
  });
  return {
    composite: composite.compositeResponse.map(({ httpStatusCode }) => httpStatusCode),
    name: composite.compositeResponse[1].body.Name,
    tree: [tree.hasErrors, tree.results.map(({ referenceId }) => referenceId)],
    batch: [batch.hasErrors, batch.results.map(({ result }) => result.Name)],
  };
});
