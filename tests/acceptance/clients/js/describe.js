"use strict";

const { connect, tell } = require("./told.js");

tell(async () => {
  const conn = connect();
  const global = await conn.describeGlobal();
  const described = await conn.describe("Contact");
  const cached = await conn.describe$("Contact");
  await conn.describe$("Contact");
  const limits = await conn.limits();
  return {
    objects: global.sobjects.map(({ name }) => name),
    fields: described.fields.map(({ name }) => name),
    cached: cached.name,
    limits: limits.DailyApiRequests,
    limitInfo: conn.limitInfo,
    versions: (await conn.request("/services/data")).map(({ version }) => version),
  };
});
