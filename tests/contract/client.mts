// Does the core calls with the types that were generated for TypeScript. That it compiles is half of the test.

import createClient from "openapi-fetch";
import type { components, paths } from "./largesse";

declare const process: { env: Record<string, string> };

function clientOf(token: string) {
  return createClient<paths>({ baseUrl: process.env.LARGESSE_SERVER, headers: { authorization: `Bearer ${token}` } });
}

const client = clientOf(process.env.LARGESSE_TOKEN_ADMIN);
const sender = clientOf(process.env.LARGESSE_TOKEN_INGEST);

function expect<T>(what: string, answer: { data?: T; error?: unknown; response: { status: number } }): T {
  if (answer.data === undefined) throw new Error(`${what}: ${answer.response.status} ${JSON.stringify(answer.error)}`);
  return answer.data;
}

const event: components["schemas"]["EventDocument"] = {
  specversion: "1.0", id: "ts-1", source: "/contract/typescript", type: "user.registered", subject: "u-ts",
  time: new Date().toISOString(), data: { channel: "web" },
};
const sent = expect("sendEvents", await sender.POST("/v1/events", {
  body: event as never, headers: { "content-type": "application/cloudevents+json" },
}));
if (!("seq" in sent)) throw new Error("one event has one answer");
const customer = expect("showCustomer", await client.GET("/v1/customers/{customer}", { params: { path: { customer: "u-ts" } } }));
if (Object.keys(customer.attributes).length === 0) throw new Error("the event set no attribute");
const path = { destination: "contract-ts" };
const made = expect("setDestination", await client.PUT("/v1/destinations/{destination}", {
  params: { path }, body: { url: "https://bank.example/in", headers: { authorization: "Bearer abc" } } as never,
}));
const shown = expect("showDestination", await client.GET("/v1/destinations/{destination}", { params: { path } }));
const back = expect("setDestination", await client.PUT("/v1/destinations/{destination}", { params: { path }, body: shown as never }));
if (made.id !== back.id || back.headers.authorization !== null) throw new Error("a destination does not go round");
console.log("the generated TypeScript client: events, customers, destinations");
