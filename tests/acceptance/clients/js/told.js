// What the scripts share: a connection to the org, and printing what came about.
"use strict";

const jsforce = require("jsforce");

const org = JSON.parse(process.env.ORG);

const connect = (more = {}) =>
  new jsforce.Connection({ instanceUrl: org.url, accessToken: org.access_token, ...more });

// Runs a function and prints what it returns; the error of one that fails goes to stderr.
const tell = async (act) => {
  try {
    process.stdout.write(JSON.stringify(await act()));
  } catch (error) {
    process.stderr.write(`${error.stack}\n`);
    process.exitCode = 1;
  }
};

// Returns the error that a promise fails with, in a form that can be printed.
const refusal = async (promise) => {
  try {
    return { unexpected: await promise };
  } catch (error) {
    return { name: error.name, code: error.errorCode, message: error.message };
  }
};

module.exports = { jsforce, org, connect, tell, refusal };
