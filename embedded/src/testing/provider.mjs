// An OpenID provider on a free port of this machine: its port in the first line. It knows the portal by id, secret and the places
// it comes back to, which it is told as arguments. Whoever signs in as grace has the address grace@engines.example; what comes
// after a + tells one subject of the same address from another, and nobody has made sure of addresses that begin with
// unverified. Ends with its standard input.
import { createServer } from 'node:http';

const [library, id, secret, ...places] = process.argv.slice(1);
const { default: Provider } = await import(library);

const server = createServer();
await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
const { port } = server.address();
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{ client_id: id, client_secret: secret, redirect_uris: places }],
  claims: { email: ['email', 'email_verified'], profile: ['name'] },
  async findAccount(_, sub) {
    const local = sub.split('+')[0];
    return {
      accountId: sub,
      claims: async () => ({
        sub,
        email: `${local}@engines.example`,
        email_verified: !local.startsWith('unverified'),
        name: 'Grace Hopper',
      }),
    };
  },
});
server.on('request', provider.callback());
console.log(port);
process.stdin.on('end', () => process.exit()).resume();
