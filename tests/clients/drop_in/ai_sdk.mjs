// The AI SDK with its providers: openai-compatible, openai (Chat Completions, Responses), anthropic, google.
// node ai_sdk.mjs FOLDER URL MODEL...; FOLDER holds node_modules. Prints what the Python scripts print; see calls.py.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [folder, url, ...models] = process.argv.slice(2);
const require = createRequire(`${folder}/package.json`);
const load = (what) => import(pathToFileURL(require.resolve(what)).href);
const { generateText, isStepCount, Output, stepCountIs, streamText, tool } = await load("ai");
const { z } = await load("zod");
const { createOpenAICompatible } = await load("@ai-sdk/openai-compatible");
const { createOpenAI } = await load("@ai-sdk/openai");
const { createAnthropic } = await load("@ai-sdk/anthropic");
const { createGoogle, createGoogleGenerativeAI } = await load("@ai-sdk/google");

const apiKey = "not-a-key";
const openai = createOpenAI({ baseURL: `${url}/v1`, apiKey });
const compatible = createOpenAICompatible({
  name: "tierwise", baseURL: `${url}/v1`, apiKey, includeUsage: true, supportsStructuredOutputs: true,
});
const anthropic = createAnthropic({ baseURL: `${url}/v1`, apiKey });
const google = (createGoogle ?? createGoogleGenerativeAI)({ baseURL: `${url}/v1beta`, apiKey });
const PROVIDERS = {
  ai_sdk_compatible: compatible,
  ai_sdk_openai: openai.chat,
  ai_sdk_responses: openai,
  ai_sdk_anthropic: anthropic,
  ai_sdk_google: google,
};

const HELLO = "Please say hello to the reader.";
const WEATHER = "How is the weather in Paris?";
const DATA = "Give me the report of Paris as data.";
const steps = (isStepCount ?? stepCountIs)(3);

function weather(seen) {
  const execute = async ({ city }) => {
    seen.push(city);
    return "18 degrees";
  };
  return tool({ description: "The weather in a city.", inputSchema: z.object({ city: z.string() }), execute });
}

const called = (seen, said) => ({ name: "get_weather", arguments: { city: seen[0] }, said });

const CALLS = {
  text: async (model) => {
    const answer = await generateText({ model, prompt: HELLO, instructions: "You answer briefly." });
    if (answer.usage.totalTokens !== 15 || answer.finishReason !== "stop") throw new Error(JSON.stringify(answer.usage));
    return answer.text;
  },
  stream: async (model) => {
    const texts = [];
    for await (const text of streamText({ model, prompt: HELLO }).textStream) texts.push(text);
    return { text: texts.join(""), pieces: texts.length };
  },
  tool: async (model) => {
    const seen = [];
    const tools = { get_weather: weather(seen) };
    return called(seen, (await generateText({ model, prompt: WEATHER, tools, stopWhen: steps })).text);
  },
  tool_stream: async (model) => {
    const seen = [];
    const tools = { get_weather: weather(seen) };
    return called(seen, await streamText({ model, prompt: WEATHER, tools, stopWhen: steps }).text);
  },
  structured: async (model) => {
    const output = Output.object({ schema: z.object({ city: z.string(), degrees: z.number() }) });
    return (await generateText({ model, prompt: DATA, output })).output;
  },
};
for (const status of [400, 429, 503]) {
  CALLS[`error_${status}`] = async (model, which) => {
    try {
      // It retries by the status alone, and knows no header that forbids it.
      await generateText({ model, prompt: `Please fail with ${status}, ${which}.`, maxRetries: 0 });
    } catch (error) {
      return { class: error.name, status: error.statusCode, message: error.message };
    }
    return { class: null };
  };
}

for (const name of models) {
  for (const [kind, provider] of Object.entries(PROVIDERS)) {
    for (const [call, make] of Object.entries(CALLS)) {
      let line;
      try {
        line = { got: await make(provider(name), `${kind} ${name}`) };
      } catch (error) {
        line = { failed: `${error.stack}\n${JSON.stringify(error)}` };
      }
      console.log(JSON.stringify({ call: `${kind}.${call}`, model: name, ...line }));
    }
  }
}
