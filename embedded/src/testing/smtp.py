# An SMTP server on a free port of this machine: its port in the first line, then each mail as a line of JSON.
# Whoever writes to busy@… is told to come back, the first time; refused@… is no mailbox. Ends with its standard input.
import asyncio
import email
import email.policy
import json
import sys

from aiosmtpd.smtp import SMTP

busy = set()


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("refused@"):
            return "550 no such mailbox: " + address
        if address.startswith("busy@") and address not in busy:
            busy.add(address)
            return "451 come back later: " + address
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        headers = [[name, str(value)] for name, value in mail.items()]
        told = {"from": envelope.mail_from, "to": envelope.rcpt_tos, "headers": headers, "text": mail.get_content()}
        print(json.dumps(told), flush=True)
        return "250 taken"


async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Handler(), hostname="test.example"), "127.0.0.1", int(sys.argv[1]))
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(main())
