"use strict";

const { jsforce, org, connect, tell, refusal } = require("./told.js");

const oauth2 = { clientId: org.client_id, clientSecret: org.client_secret, loginUrl: org.url };

tell(async () => {
  const byToken = await connect().identity();

  const credentials = new jsforce.Connection({ instanceUrl: org.url, oauth2 });
  await credentials.authorize({ grant_type: "client_credentials" });

  const password = new jsforce.Connection({ oauth2 });
  const user = await password.login(org.username, org.password);

  const soap = new jsforce.Connection({ loginUrl: org.url });
  const soapUser = await soap.login(org.username, org.password);

  const wrong = new jsforce.Connection({ loginUrl: org.url });
  const expired = connect({ accessToken: "00D!ended" });
  return {
    byToken: byToken.username,
    credentials: (await credentials.identity()).username,
    password: { user, queried: (await password.query("SELECT Id FROM User")).totalSize },
    soap: { soapUser, queried: (await soap.query("SELECT Id FROM User")).totalSize },
    wrongPassword: await refusal(wrong.login(org.username, "wrong")),
    expired: await refusal(expired.query("SELECT Id FROM User")),
  };
});
