// Builds the component: `node build.mjs OUT.wasm`.

import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { componentize } from '@bytecodealliance/componentize-js';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const [out] = process.argv.slice(2);
if (!out) throw new Error('usage: node build.mjs OUT.wasm');

const { component } = await componentize({
  sourcePath: here('src/policy.js'),
  witPath: here('../../wit/policy.wit'),
  worldName: 'campaign-policy',
  // What a policy must not have anyway: without them the component imports nothing.
  disableFeatures: ['stdio', 'random', 'clocks', 'http', 'fetch-event'],
});
await writeFile(out, component);
