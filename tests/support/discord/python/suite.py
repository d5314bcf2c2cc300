"""discord.py against the stand-in: what only serenity can talk to is no Discord.

usage: suite.py PATH-OF-discord-standin zlib-stream|zstd-stream
"""

import asyncio
import json
import socket
import ssl
import sys
import unittest

STANDIN, STREAM = sys.argv.pop(1), sys.argv.pop(1)
if STREAM == "zlib-stream":
    # discord.py takes the other one wherever it can.
    sys.modules["zstandard"] = None

import aiohttp
import discord
import yarl
from aiohttp.abc import AbstractResolver
from discord import app_commands, ui

SOON = 30


class Loopback(AbstractResolver):
    """discord.com is here."""

    async def resolve(self, host, port=0, family=socket.AF_INET):
        if host != "discord.com":
            raise OSError(f"{host} is not for tests")
        address = {"hostname": host, "host": "127.0.0.1", "port": port, "family": socket.AF_INET}
        return [address | {"proto": 0, "flags": 0}]

    async def close(self):
        pass


class Standin:
    """The program, and orders to it."""

    async def start(self):
        self.program = await asyncio.create_subprocess_exec(
            STANDIN, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=1 << 20
        )
        self.told = json.loads(await self.program.stdout.readline())
        self.lock = asyncio.Lock()

    async def order(self, do, **more):
        async with self.lock:
            self.program.stdin.write((json.dumps({"do": do} | more) + "\n").encode())
            line = await asyncio.wait_for(self.program.stdout.readline(), SOON)
        return json.loads(line)

    async def slash(self, command, *options, **more):
        return await self.order("slash", command=command, options=options, **more)

    async def stop(self):
        self.program.stdin.close()
        await asyncio.wait_for(self.program.wait(), SOON)


class Panel(ui.View):
    """A button and a select."""

    def __init__(self):
        super().__init__(timeout=None)

    @ui.button(label="Go", custom_id="go")
    async def go(self, interaction, _button):
        await interaction.response.edit_message(content="gone", view=self)

    @ui.button(label="Ask", custom_id="ask")
    async def ask(self, interaction, _button):
        await interaction.response.send_modal(Topic())

    @ui.select(custom_id="whom", options=[discord.SelectOption(label="Joel", value="7"), discord.SelectOption(label="Ana", value="8")])
    async def whom(self, interaction, select):
        await interaction.response.send_message(f"chose {select.values[0]}", ephemeral=True)


class Topic(ui.Modal, title="Topic"):
    """Both forms of a text field."""

    topic = ui.TextInput(label="Topic", custom_id="topic", max_length=20)
    more = ui.Label(text="More", component=ui.TextInput(custom_id="more", required=False))

    async def on_submit(self, interaction):
        await interaction.response.send_message(f"topic {self.topic.value}, more {self.more.component.value!r}")


def commands(tree):
    """The bot's commands."""

    @tree.command(description="Mutes")
    @app_commands.describe(caller="Who", minutes="For how long")
    async def mute(interaction: discord.Interaction, caller: str, minutes: app_commands.Range[int, 1, 60] = 5):
        await interaction.response.send_message(f"muted {caller} for {minutes}", ephemeral=True)

    @mute.autocomplete("caller")
    async def callers(_interaction: discord.Interaction, typed: str):
        return [app_commands.Choice(name=f"7 {typed}el", value="7"), app_commands.Choice(name="8 Ana", value="8")]

    @tree.command(description="Takes its time")
    async def slow(interaction: discord.Interaction):
        await interaction.response.defer(ephemeral=True)
        await interaction.edit_original_response(content="done at last")
        await interaction.followup.send("and more")

    @tree.command(description="Shows buttons")
    async def panel(interaction: discord.Interaction):
        await interaction.response.send_message("panel", view=Panel())

    @tree.command(description="For hosts")
    @app_commands.default_permissions(manage_guild=True)
    async def hosts(interaction: discord.Interaction):
        await interaction.response.send_message(f"manages: {interaction.permissions.manage_guild}")


class Bot(discord.Client):
    """A bot as discord.py's users write it."""

    def __init__(self, told):
        trust = ssl.create_default_context(cadata=told["ca"])
        connector = aiohttp.TCPConnector(resolver=Loopback(), ssl=trust)
        intents = discord.Intents(guilds=True, guild_messages=True)
        super().__init__(intents=intents, connector=connector, guild_ready_timeout=0)
        self.told = told
        self.heard = asyncio.Queue()
        self.tree = app_commands.CommandTree(self)
        commands(self.tree)

    async def setup_hook(self):
        guild = discord.Object(int(self.told["guild"]))
        self.tree.copy_global_to(guild=guild)
        await self.tree.sync(guild=guild)

    async def on_ready(self):
        self.heard.put_nowait("ready")

    async def on_socket_event_type(self, name):
        # discord.py's own word for a guild depends on whether it came before or after it was ready.
        if name == "GUILD_CREATE":
            self.heard.put_nowait("guild")

    async def on_resumed(self):
        self.heard.put_nowait("resumed")

    async def on_message(self, message):
        self.heard.put_nowait(f"message {message.id}")

    async def expect(self, *missing):
        """Waits until these were heard, in any order."""
        missing = set(missing)
        while missing:
            missing.discard(await asyncio.wait_for(self.heard.get(), SOON))


class SecondClient(unittest.IsolatedAsyncioTestCase):
    """What discord.py does with the stand-in."""

    async def asyncSetUp(self):
        self.standin = Standin()
        await self.standin.start()
        told = self.standin.told
        discord.http.Route.BASE = f"https://discord.com:{told['port']}/api/v10"
        discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(told["gateway"])
        self.bot = Bot(told)
        self.running = asyncio.create_task(self.bot.start(told["token"]))
        waiting = asyncio.create_task(self.bot.expect("ready", "guild"))
        await asyncio.wait([self.running, waiting], return_when=asyncio.FIRST_COMPLETED)
        if self.running.done():
            self.running.result()
        await waiting
        self.channel = self.bot.get_channel(int(told["channel"]))

    async def asyncTearDown(self):
        await self.bot.close()
        await asyncio.wait_for(asyncio.gather(self.running, return_exceptions=True), SOON)
        broken = await self.standin.order("violations")
        await self.standin.stop()
        self.assertEqual(broken["violations"], [])

    async def test_a_guild_is_known_whole(self):
        guild = self.bot.get_guild(int(self.standin.told["guild"]))
        self.assertEqual((guild.name, self.channel.name, guild.me.id), ("Radio", "crew", self.bot.user.id))
        self.assertTrue(self.channel.permissions_for(guild.me).send_messages)
        _, url, _ = await self.bot.http.get_bot_gateway()
        self.assertTrue(url.startswith(self.standin.told["gateway"]))
        self.assertEqual(discord.utils._ActiveDecompressionContext.COMPRESSION_TYPE, STREAM)

    async def test_commands_are_registered_and_told_back(self):
        guild = discord.Object(int(self.standin.told["guild"]))
        told = await self.bot.tree.fetch_commands(guild=guild)
        self.assertEqual({it.name for it in told}, {"mute", "slow", "panel", "hosts"})
        mute = next(it for it in told if it.name == "mute")
        self.assertEqual([(it.name, it.required) for it in mute.options], [("caller", True), ("minutes", False)])

    async def test_a_slash_command_is_answered(self):
        told = await self.standin.slash("mute", ["caller", "7"], ["minutes", "9"])
        self.assertEqual((told["answer"], told["text"], told["ephemeral"]), (4, "muted 7 for 9", True))
        self.assertEqual((await self.standin.slash("mute", ["minutes", "9"]))["refused"], 'Missing("caller")')

    async def test_a_command_for_hosts_is_offered_to_hosts(self):
        self.assertEqual((await self.standin.slash("hosts"))["text"], "manages: True")
        told = await self.standin.slash("hosts", member=self.standin.told["listener"])
        self.assertEqual(told["refused"], 'Command("hosts")')

    async def test_typing_is_answered_with_choices(self):
        told = await self.standin.order("autocomplete", command="mute", option="caller", text="Jo")
        self.assertEqual(told["choices"][0], {"name": "7 Joel", "value": "7"})

    async def test_a_deferred_answer_is_edited_and_followed(self):
        told = await self.standin.slash("slow")
        self.assertEqual(told["answer"], 5)
        told = await self.standin.order("look", act=told["act"], text="done at last", followups=1)
        self.assertEqual([it["text"] for it in told["followups"]], ["and more"])

    async def test_a_button_and_a_select_are_answered(self):
        panel = (await self.standin.slash("panel"))["message"]
        chosen = await self.standin.order("choose", message=panel, custom_id="whom", values=["8"])
        self.assertEqual((chosen["answer"], chosen["text"], chosen["ephemeral"]), (4, "chose 8", True))
        pressed = await self.standin.order("press", message=panel, custom_id="go")
        self.assertEqual((pressed["answer"], pressed["text"], pressed["message"]), (7, "gone", panel))

    async def test_a_modal_is_answered(self):
        panel = (await self.standin.slash("panel"))["message"]
        asked = await self.standin.order("press", message=panel, custom_id="ask")
        self.assertEqual((asked["answer"], asked["modal"]["title"]), (9, "Topic"))
        told = await self.standin.order("submit", act=asked["act"], options=[["topic", "buses"]])
        self.assertEqual(told["text"], "topic buses, more ''")

    async def test_messages_are_made_changed_pinned_and_gone(self):
        message = await self.channel.send("one", allowed_mentions=discord.AllowedMentions.none())
        await self.bot.expect(f"message {message.id}")
        self.assertEqual((await message.edit(content="two")).content, "two")
        await message.pin()
        self.assertEqual([it.id async for it in self.channel.pins()], [message.id])
        await message.delete()
        with self.assertRaises(discord.NotFound) as gone:
            await self.channel.fetch_message(message.id)
        self.assertEqual(gone.exception.code, 10008)

    async def test_a_drop_is_resumed_on_the_other_address_and_nothing_is_lost(self):
        await self.standin.order("drop")
        told = await self.standin.slash("mute", ["caller", "7"])
        await self.bot.expect("resumed")
        self.assertEqual(told["text"], "muted 7 for 5")
        counts = await self.standin.order("counts")
        self.assertEqual((counts["readies"], counts["resumes"], counts["on_resume_url"]), (1, 1, 1))

    async def test_op_7_and_a_resumable_op_9_are_resumed(self):
        await self.standin.order("reconnect")
        await self.bot.expect("resumed")
        await self.standin.order("invalidate", resumable=True)
        await self.bot.expect("resumed")
        self.assertEqual((await self.standin.order("counts"))["readies"], 1)

    async def test_an_invalid_session_is_begun_anew(self):
        await self.standin.order("invalidate", resumable=False)
        await self.bot.expect("ready", "guild")
        self.assertEqual((await self.standin.slash("mute", ["caller", "7"]))["text"], "muted 7 for 5")

    async def test_an_interaction_of_30_s_ago_is_unknown(self):
        failed = asyncio.get_running_loop().create_future()

        async def note(_interaction, error):
            failed.set_result(error.original)

        self.bot.tree.on_error = note
        told = await self.standin.slash("mute", ["caller", "7"], late=30)
        self.assertEqual((told["answer"], (await asyncio.wait_for(failed, SOON)).code), (None, 10062))


if __name__ == "__main__":
    unittest.main(verbosity=2)
