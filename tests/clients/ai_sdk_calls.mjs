// Calls of the AI SDK, one each: node ai_sdk_calls.mjs NAME URL ASK, run in a folder that holds the packages.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [name, url, ask, folder] = process.argv.slice(2);
const require = createRequire(`${folder}/package.json`);
const load = (what) => import(pathToFileURL(require.resolve(what)).href);
const { generateText, streamText } = await load("ai");
const apiKey = "not-a-key";
const system = "You answer in one word.";

const models = {
  compatible: async () =>
    (await load("@ai-sdk/openai-compatible")).createOpenAICompatible({
      name: "tierwise", baseURL: `${url}/v1`, apiKey, includeUsage: true,
    })("tier/auto"),
  openai_chat: async () =>
    (await load("@ai-sdk/openai")).createOpenAI({ baseURL: `${url}/v1`, apiKey }).chat("tier/auto"),
  openai_responses: async () =>
    (await load("@ai-sdk/openai")).createOpenAI({ baseURL: `${url}/v1`, apiKey })("tier/auto"),
  anthropic: async () =>
    (await load("@ai-sdk/anthropic")).createAnthropic({ baseURL: `${url}/v1`, apiKey })("tier/auto"),
};

const [which, how] = name.split(":");
const model = await models[which]();
if (how === "stream") {
  console.log(await streamText({ model, prompt: ask }).text);
} else {
  console.log((await generateText({ model, prompt: ask, instructions: system })).text);
}
