// Talks to grpc_echo as a grpc-js client: node grpc_js_client.js MODULE_FOLDER PORT. Prints one JSON object.
'use strict';
const grpc = require(process.argv[2]);

// google.protobuf.StringValue: field 1, length-delimited.
function pack(text) {
  const bytes = Buffer.from(text);
  const head = [];
  if (bytes.length === 0) return bytes;
  head.push(0x0a);
  let size = bytes.length;
  for (; size >= 0x80; size = Math.floor(size / 128)) head.push((size % 128) | 0x80);
  head.push(size);
  return Buffer.concat([Buffer.from(head), bytes]);
}
function unpack(buffer) {
  if (buffer.length === 0) return '';
  let at = 1;
  while (buffer[at] & 0x80) ++at;
  return buffer.subarray(at + 1).toString();
}

const client = new grpc.Client(`127.0.0.1:${process.argv[3]}`, grpc.credentials.createInsecure());
const unary = (method, text, options = {}) => new Promise((done) => {
  client.makeUnaryRequest(method, pack, unpack, text, new grpc.Metadata(), options,
    (error, answer) => done(error ? {code: grpc.status[error.code], details: error.details} : {answer}));
});
const chat = (words) => new Promise((done) => {
  const answers = [];
  const call = client.makeBidiStreamRequest('/t/Chat', pack, unpack);
  call.on('data', (answer) => {
    answers.push(answer);
    if (answers.length < words.length) call.write(words[answers.length]);
    else call.end();
  });
  call.on('error', (error) => done({answers, code: grpc.status[error.code], details: error.details}));
  call.on('end', () => {});
  call.write(words[0]);
});

(async () => {
  const result = {
    echo: await unary('/t/Echo', 'hello'),
    large: (await unary('/t/Echo', 'x'.repeat(1000000))).answer.length,
    refused: await unary('/t/Echo', 'refuse'),
    unknown: await unary('/t/Nothing', 'x'),
    late: await unary('/t/Wait', 'x', {deadline: Date.now() + 500}),
    chat: await chat(['a', 'b', 'c']),
    after: await unary('/t/Echo', 'still here'),
  };
  console.log(JSON.stringify(result));
  client.close();
})();
