// What a program that uses jsforce does with an org. Prints the outcome of every step as one JSON object.
const jsforce = require("jsforce");

const [loginUrl, instanceUrl, accessToken, username, password] = process.argv.slice(2);
const outcomes = {};

async function step(name, run) {
  try {
    outcomes[name] = await run();
  } catch (error) {
    outcomes[name] = { error: error.errorCode || error.name, message: error.message };
  }
}

const contacts = (count) =>
  Array.from({ length: count }, (_, at) => ({ External_Id__c: `k${at}`, LastName: `L${at}` }));

async function main() {
  const person = new jsforce.Connection({ loginUrl });
  await step("login", async () => (await person.login(username, password)).id.length);
  await step("wrong password", () => new jsforce.Connection({ loginUrl }).login(username, "wrong"));

  const conn = new jsforce.Connection({ loginUrl, instanceUrl, accessToken, version: "58.0" });
  const contact = conn.sobject("Contact");
  await step("identity", async () => (await conn.identity()).username);
  await step("limits", async () => (await conn.limits()).DailyApiRequests.Max);
  await step("describe global", async () => (await conn.describeGlobal()).sobjects.map((one) => one.name));
  await step("describe", async () => (await contact.describe()).fields.map((one) => one.name));

  await step("create", async () => (await contact.create({ LastName: "One", External_Id__c: "one" })).success);
  const [one] = await contact.find({ External_Id__c: "one" }, "Id");
  await step("retrieve", async () => (await contact.retrieve(one.Id)).LastName);
  await step("update", async () => (await contact.update({ Id: one.Id, LastName: "Eins" })).success);
  await step("upsert", async () => (await contact.upsert({ External_Id__c: "ONE", LastName: "Un" }, "External_Id__c")).created);
  await step("refused", () => contact.create({ FirstName: "only" }));

  await step("create several", async () => (await contact.create(contacts(250), { allowRecursive: true })).length);
  await step("update several", async () => {
    const found = await contact.find({ LastName: { $like: "L1%" } }, "Id").limit(200).execute();
    return (await contact.update(found.map(({ Id }) => ({ Id, FirstName: "x" })))).every((row) => row.success);
  });
  await step("upsert several", async () =>
    (await contact.upsert([{ External_Id__c: "k0", LastName: "M" }, { External_Id__c: "new", LastName: "N" }, { External_Id__c: "bad" }], "External_Id__c"))
      .map((row) => [row.success, row.created, row.errors.map((error) => error.statusCode)]));
  await step("destroy several", async () => {
    const found = await contact.find({ External_Id__c: ["k1", "k2"] }, "Id").execute();
    return (await contact.destroy(found.map(({ Id }) => Id))).map((row) => row.success);
  });

  await step("bulk", async () => {
    const rows = await conn.bulk.load("Contact", "upsert", { extIdField: "External_Id__c" }, contacts(2300));
    return [rows.length, rows.filter((row) => row.success).length];
  });
  await step("bulk query", async () => (await (await conn.bulk.query("SELECT Id FROM Contact")).toArray()).length);
  await step("bulk2", async () => {
    const input = [{ External_Id__c: "k3", LastName: "O" }, { External_Id__c: "fresh", LastName: "" }];
    const done = await conn.bulk2.loadAndWaitForResults({ object: "Contact", operation: "upsert", externalIdFieldName: "External_Id__c", input });
    return [done.successfulResults.length, done.failedResults[0].sf__Error, done.unprocessedRecords.length];
  });
  await step("bulk2 query", async () =>
    (await (await conn.bulk2.query("SELECT LastName FROM Contact WHERE External_Id__c = 'k3'")).toArray()));

  await step("query", async () => {
    const first = await conn.query("SELECT Id FROM Contact");
    const next = await conn.queryMore(first.nextRecordsUrl);
    return [first.totalSize, first.records.length, first.done, next.records.length, next.done];
  });
  await step("query to the end", async () => (await conn.query("SELECT Id FROM Contact", { autoFetch: true, maxFetch: 9999 })).records.length);
  await step("find", async () =>
    (await contact.find({ LastName: { $like: "L1%" } }, "LastName").sort({ LastName: -1 }).limit(1).execute()).map((row) => row.LastName));
  await step("search", async () => (await conn.search("FIND {Un} RETURNING Contact(LastName)")).searchRecords.map((row) => row.LastName));
  await step("count", () => contact.count({ External_Id__c: "k5" }));
  await step("group", async () =>
    (await conn.query("SELECT FirstName, COUNT(Id) n FROM Contact WHERE FirstName = 'x' GROUP BY FirstName")).records.map((row) => row.n > 0));
  await step("children", async () => {
    const account = await conn.sobject("Account").create({ Name: "Parent" });
    await contact.create({ LastName: "Child", AccountId: account.id });
    const [parent] = await conn.sobject("Account").find({ Id: account.id }).select("Name").include("Contacts").select("LastName").end().execute();
    return parent.Contacts.records.map((row) => row.LastName);
  });
  await step("deleted", async () => {
    const hour = 3600 * 1000;
    return (await contact.deleted(new Date(Date.now() - hour), new Date(Date.now() + hour))).deletedRecords.length;
  });

  await step("composite", async () => {
    const url = "/services/data/v58.0/limits/recordCount?sObjects=Account";
    const body = { compositeRequest: [{ method: "GET", referenceId: "counts", url }] };
    return (await conn.requestPost("/services/data/v58.0/composite", body)).compositeResponse[0].body.sObjects;
  });

  await step("metadata read", async () => (await conn.metadata.read("CustomField", "Account.Plan__c")).valueSet.valueSetDefinition.value.map((one) => one.fullName));
  await step("metadata update", async () => {
    const field = await conn.metadata.read("CustomField", "Account.Plan__c");
    field.valueSet.valueSetDefinition.value.push({ fullName: "nova", default: false, label: "Nova" });
    return (await conn.metadata.update("CustomField", field)).success;
  });
  await step("metadata list", async () => (await conn.metadata.list({ type: "GlobalValueSet" })).map((one) => one.fullName));
  await step("metadata describe", async () => (await conn.metadata.describe()).metadataObjects.map((one) => one.xmlName));
  await step("tooling", async () =>
    (await conn.tooling.query("SELECT DeveloperName FROM CustomField WHERE DeveloperName = 'Plan'")).records.length);
  await step("tooling describe", async () => (await conn.tooling.sobject("CustomField").describe()).name);
  await step("server time", async () => Math.abs(Date.parse((await conn.soap.getServerTimestamp()).timestamp) - Date.now()) < 60000);
  await step("events", async () => (await conn.sobject("Order_Update__e").create({ Order_Number__c: "o-1" })).success);

  await step("logout", async () => (await conn.logout()) ?? null);
  await step("after logout", () => new jsforce.Connection({ loginUrl, instanceUrl, accessToken }).query("SELECT Id FROM Contact"));
}

main().then(() => console.log(JSON.stringify(outcomes)));
