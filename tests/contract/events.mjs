// Sends one event as the JavaScript SDK of CloudEvents writes it, in every mode, and expects one event.

import { CloudEvent, HTTP, emitterFor, Mode } from "cloudevents";

const { LARGESSE_SERVER: server, LARGESSE_TOKEN_INGEST: token } = process.env;
const failures = [];

async function send(what, { headers, body }, expected) {
  const authorization = `Bearer ${token}`;
  const answer = await fetch(`${server}/v1/events`, { method: "POST", headers: { ...headers, authorization }, body });
  const found = await answer.json();
  const statuses = found.items?.map((item) => item.status) ?? [found.status];
  if (answer.status !== 200 || String(statuses) !== String(expected)) {
    failures.push(`${what}: ${answer.status} ${JSON.stringify(found)}, and not ${expected}`);
  }
}

const time = new Date().toISOString();
const event = (more = {}) =>
  new CloudEvent({
    type: "user.registered", source: "/contract/javascript", id: "1", subject: "u-js-100%", time,
    data: { channel: "web" }, ...more,
  });

await send("binary", HTTP.binary(event()), ["admitted"]);
await send("structured", HTTP.structured(event()), ["duplicate"]);
for (const [what, more] of Object.entries({
  "another offset": { time: time.replace("Z", "+00:00") },
  "a type with parameters": { datacontenttype: "application/json; charset=utf-8" },
  "a type with +json": { datacontenttype: "application/vnd.example+json" },
  "an integer": { sampledrate: 30 },
  "a boolean": { replayed: true },
  "a trace": { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", tracestate: "rojo=1" },
})) {
  await send(`binary, ${what}`, HTTP.binary(event(more)), ["duplicate"]);
  await send(`structured, ${what}`, HTTP.structured(event(more)), ["duplicate"]);
}
const binary = event({ data: undefined, data_base64: Buffer.from('{"channel":"web"}').toString("base64") });
await send("structured, base64", HTTP.structured(binary), ["duplicate"]);
const events = [event(), event({ id: "2" }), event({ id: "2", subject: "other" })];
const batch = { headers: { "content-type": "application/cloudevents-batch+json" }, body: JSON.stringify(events) };
await send("batch", batch, ["duplicate", "admitted", "conflict"]);
// As an application would: the SDK's own emitter.
const emit = emitterFor((message) => send("emitter", message, ["duplicate"]), { mode: Mode.STRUCTURED });
await emit(event());

console.log(failures.join("\n") || "the JavaScript SDK: one event in every mode");
process.exit(failures.length ? 1 : 0);
