"""All that a plugin or a program using Outrig as a library imports.

Names are loaded when first used, so a provider does not pay for the command framework, nor a
command for the engine.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

_HOME = {
    "outrig.access": "WithConsole WithForward WithLogin WithPrograms",
    "outrig.background": "start_aside",
    "outrig.cli.command": "Command",
    "outrig.cli.commands.project.validate": "ProjectValidate",
    "outrig.cli.commands.session.attach": "SessionAttach",
    "outrig.cli.commands.session.execute": "SessionExecute",
    "outrig.cli.commands.session.start": "SessionStart",
    "outrig.cli.commands.session.stop": "SessionStop",
    "outrig.cli.console": "terminal_size work_in_console",
    "outrig.cli.definition": "Option argument option",
    "outrig.cli.invoking": "cases parameter_options",
    "outrig.cli.listing": "Column",
    "outrig.cli.logging_in": "hand_over",
    "outrig.cli.pager": "show_in_pages",
    "outrig.cli.route": "Group Route",
    "outrig.cli.running": (
        "Outcome TerminalObserver each exit_code finish follow interruptible say_ends"
    ),
    "outrig.cli.starting": "StartOptions start_cases",
    "outrig.cli.table": "table",
    "outrig.cli.terminal": "clean is_terminal one_line",
    "outrig.config.glance": "configured",
    "outrig.config.sections": "parse_yaml",
    "outrig.config.stores": "StorePlace named_stores store_place",
    "outrig.durations": "parse_limit_s",
    "outrig.engine": "Outrig",
    "outrig.hookspecs": "hookimpl",
    "outrig.interfaces": (
        "Context Expander Intent Journal ObjectStore OnThisComputer OwnsResources Provider "
        "RunControl WithAutostop WithCheck WithEnvironment WithExecution WithFiles WithMetrics "
        "WithLinks WithOwnCount WithOwnLifetime WithPrices WithSessionEnd WithUpkeep"
    ),
    "outrig.lock": "Lock is_held",
    "outrig.model.attendant": "Attendant",
    "outrig.model.cluster": "ClusterCommands ClusterContainer ClusterFile ClusterMount NodeGroup",
    "outrig.model.console": "ByteStream Console ConsoleRequest Program Size",
    "outrig.model.interruption": "Interruption",
    "outrig.model.node": (
        "FOR_EVER Candidate Endpoint Inventory Kept Lifetime Login Node NodeQuery Price "
        "ProvisionRequest Release ReleaseReport ResourceRef Role"
    ),
    "outrig.model.project": (
        "ClusterSpec CommandConfig Compute Environment ParamType Parameter Project ProjectForm"
    ),
    "outrig.model.resources": "Resources",
    "outrig.model.run": (
        "EnvironmentSource ExecuteRequest LogPart PrepareRequest PreparedEnvironment Run RunRef "
        "RunState RunStatus Stream Task Usage"
    ),
    "outrig.model.session": (
        "Event Plan RemoteFile Session SessionState Step SyncReport SyncRequest"
    ),
    "outrig.model.snapshot": (
        "ChunkSink DeleteReport Entry EntryKind GitState LeftOut ObjectInfo SnapshotInfo "
        "SnapshotLabels SnapshotQuery SnapshotReader StoredSnapshot Wanted"
    ),
    "outrig.node.joining": "joined",
    "outrig.node.provider": "NodeProvider",
    "outrig.node.root": "local_limits local_node_root",
    "outrig.paths": "cache_dir",
    "outrig.project.cluster_file": "ClusterOverrides load_cluster_file",
    "outrig.project.create": "CreateForm CreateRequest create_project",
    "outrig.project.document": "Document YamlList YamlMap YamlNode YamlScalar",
    "outrig.project.problem": "Problem ProjectFileError",
    "outrig.project.scalars": "plain_value",
    "outrig.project.schema": "AnyKind Key ListKind MapKind TextKind",
    "outrig.project.section": "Section",
    "outrig.project.toml_document": "read_toml",
    "outrig.session.arriving": "arriving",
    "outrig.session.beneath": "WithRuntime",
    "outrig.session.cancel": "Cancel",
    "outrig.session.name": "check_name",
    "outrig.session.observer": "Observer Progress",
    "outrig.session.requests": "NewRun StartRequest",
    "outrig.session.tmux": "attach_words",
    "outrig.state.database": "Database",
    "outrig.state.owner": "NAME_TAG OWNER_TAG SESSION_TAG",
    "outrig.transport.choosing": "ssh_transport",
    "outrig.transport.keys": "HostKey LoginKey host_key_for login_key",
    "outrig.transport.question": "remote_python",
    "outrig.webhook": "post_json",
    "outrig.settings": "Settings setting",
}

_WHERE = {name: module for module, names in _HOME.items() for name in names.split()}

if TYPE_CHECKING:
    from outrig.access import WithConsole as WithConsole
    from outrig.access import WithForward as WithForward
    from outrig.access import WithLogin as WithLogin
    from outrig.access import WithPrograms as WithPrograms
    from outrig.background import start_aside as start_aside
    from outrig.cli.command import Command as Command
    from outrig.cli.commands.project.validate import ProjectValidate as ProjectValidate
    from outrig.cli.commands.session.attach import SessionAttach as SessionAttach
    from outrig.cli.commands.session.execute import SessionExecute as SessionExecute
    from outrig.cli.commands.session.start import SessionStart as SessionStart
    from outrig.cli.commands.session.stop import SessionStop as SessionStop
    from outrig.cli.console import terminal_size as terminal_size
    from outrig.cli.console import work_in_console as work_in_console
    from outrig.cli.definition import Option as Option
    from outrig.cli.definition import argument as argument
    from outrig.cli.definition import option as option
    from outrig.cli.invoking import cases as cases
    from outrig.cli.invoking import parameter_options as parameter_options
    from outrig.cli.listing import Column as Column
    from outrig.cli.logging_in import hand_over as hand_over
    from outrig.cli.pager import show_in_pages as show_in_pages
    from outrig.cli.route import Group as Group
    from outrig.cli.route import Route as Route
    from outrig.cli.running import Outcome as Outcome
    from outrig.cli.running import TerminalObserver as TerminalObserver
    from outrig.cli.running import each as each
    from outrig.cli.running import exit_code as exit_code
    from outrig.cli.running import finish as finish
    from outrig.cli.running import follow as follow
    from outrig.cli.running import interruptible as interruptible
    from outrig.cli.running import say_ends as say_ends
    from outrig.cli.starting import StartOptions as StartOptions
    from outrig.cli.starting import start_cases as start_cases
    from outrig.cli.table import table as table
    from outrig.cli.terminal import clean as clean
    from outrig.cli.terminal import is_terminal as is_terminal
    from outrig.cli.terminal import one_line as one_line
    from outrig.config.glance import configured as configured
    from outrig.config.sections import parse_yaml as parse_yaml
    from outrig.config.stores import StorePlace as StorePlace
    from outrig.config.stores import named_stores as named_stores
    from outrig.config.stores import store_place as store_place
    from outrig.durations import parse_limit_s as parse_limit_s
    from outrig.engine import Outrig as Outrig
    from outrig.hookspecs import hookimpl as hookimpl
    from outrig.interfaces import Context as Context
    from outrig.interfaces import Expander as Expander
    from outrig.interfaces import Intent as Intent
    from outrig.interfaces import Journal as Journal
    from outrig.interfaces import ObjectStore as ObjectStore
    from outrig.interfaces import OnThisComputer as OnThisComputer
    from outrig.interfaces import OwnsResources as OwnsResources
    from outrig.interfaces import Provider as Provider
    from outrig.interfaces import RunControl as RunControl
    from outrig.interfaces import WithAutostop as WithAutostop
    from outrig.interfaces import WithCheck as WithCheck
    from outrig.interfaces import WithEnvironment as WithEnvironment
    from outrig.interfaces import WithExecution as WithExecution
    from outrig.interfaces import WithFiles as WithFiles
    from outrig.interfaces import WithLinks as WithLinks
    from outrig.interfaces import WithMetrics as WithMetrics
    from outrig.interfaces import WithOwnCount as WithOwnCount
    from outrig.interfaces import WithOwnLifetime as WithOwnLifetime
    from outrig.interfaces import WithPrices as WithPrices
    from outrig.interfaces import WithSessionEnd as WithSessionEnd
    from outrig.interfaces import WithUpkeep as WithUpkeep
    from outrig.lock import Lock as Lock
    from outrig.lock import is_held as is_held
    from outrig.model.attendant import Attendant as Attendant
    from outrig.model.cluster import ClusterCommands as ClusterCommands
    from outrig.model.cluster import ClusterContainer as ClusterContainer
    from outrig.model.cluster import ClusterFile as ClusterFile
    from outrig.model.cluster import ClusterMount as ClusterMount
    from outrig.model.cluster import NodeGroup as NodeGroup
    from outrig.model.console import ByteStream as ByteStream
    from outrig.model.console import Console as Console
    from outrig.model.console import ConsoleRequest as ConsoleRequest
    from outrig.model.console import Program as Program
    from outrig.model.console import Size as Size
    from outrig.model.interruption import Interruption as Interruption
    from outrig.model.node import FOR_EVER as FOR_EVER
    from outrig.model.node import Candidate as Candidate
    from outrig.model.node import Endpoint as Endpoint
    from outrig.model.node import Inventory as Inventory
    from outrig.model.node import Kept as Kept
    from outrig.model.node import Lifetime as Lifetime
    from outrig.model.node import Login as Login
    from outrig.model.node import Node as Node
    from outrig.model.node import NodeQuery as NodeQuery
    from outrig.model.node import Price as Price
    from outrig.model.node import ProvisionRequest as ProvisionRequest
    from outrig.model.node import Release as Release
    from outrig.model.node import ReleaseReport as ReleaseReport
    from outrig.model.node import ResourceRef as ResourceRef
    from outrig.model.node import Role as Role
    from outrig.model.project import ClusterSpec as ClusterSpec
    from outrig.model.project import CommandConfig as CommandConfig
    from outrig.model.project import Compute as Compute
    from outrig.model.project import Environment as Environment
    from outrig.model.project import Parameter as Parameter
    from outrig.model.project import ParamType as ParamType
    from outrig.model.project import Project as Project
    from outrig.model.project import ProjectForm as ProjectForm
    from outrig.model.resources import Resources as Resources
    from outrig.model.run import EnvironmentSource as EnvironmentSource
    from outrig.model.run import ExecuteRequest as ExecuteRequest
    from outrig.model.run import LogPart as LogPart
    from outrig.model.run import PreparedEnvironment as PreparedEnvironment
    from outrig.model.run import PrepareRequest as PrepareRequest
    from outrig.model.run import Run as Run
    from outrig.model.run import RunRef as RunRef
    from outrig.model.run import RunState as RunState
    from outrig.model.run import RunStatus as RunStatus
    from outrig.model.run import Stream as Stream
    from outrig.model.run import Task as Task
    from outrig.model.run import Usage as Usage
    from outrig.model.session import Event as Event
    from outrig.model.session import Plan as Plan
    from outrig.model.session import RemoteFile as RemoteFile
    from outrig.model.session import Session as Session
    from outrig.model.session import SessionState as SessionState
    from outrig.model.session import Step as Step
    from outrig.model.session import SyncReport as SyncReport
    from outrig.model.session import SyncRequest as SyncRequest
    from outrig.model.snapshot import ChunkSink as ChunkSink
    from outrig.model.snapshot import DeleteReport as DeleteReport
    from outrig.model.snapshot import Entry as Entry
    from outrig.model.snapshot import EntryKind as EntryKind
    from outrig.model.snapshot import GitState as GitState
    from outrig.model.snapshot import LeftOut as LeftOut
    from outrig.model.snapshot import ObjectInfo as ObjectInfo
    from outrig.model.snapshot import SnapshotInfo as SnapshotInfo
    from outrig.model.snapshot import SnapshotLabels as SnapshotLabels
    from outrig.model.snapshot import SnapshotQuery as SnapshotQuery
    from outrig.model.snapshot import SnapshotReader as SnapshotReader
    from outrig.model.snapshot import StoredSnapshot as StoredSnapshot
    from outrig.model.snapshot import Wanted as Wanted
    from outrig.node.joining import joined as joined
    from outrig.node.provider import NodeProvider as NodeProvider
    from outrig.node.root import local_limits as local_limits
    from outrig.node.root import local_node_root as local_node_root
    from outrig.paths import cache_dir as cache_dir
    from outrig.project.cluster_file import ClusterOverrides as ClusterOverrides
    from outrig.project.cluster_file import load_cluster_file as load_cluster_file
    from outrig.project.create import CreateForm as CreateForm
    from outrig.project.create import CreateRequest as CreateRequest
    from outrig.project.create import create_project as create_project
    from outrig.project.document import Document as Document
    from outrig.project.document import YamlList as YamlList
    from outrig.project.document import YamlMap as YamlMap
    from outrig.project.document import YamlNode as YamlNode
    from outrig.project.document import YamlScalar as YamlScalar
    from outrig.project.problem import Problem as Problem
    from outrig.project.problem import ProjectFileError as ProjectFileError
    from outrig.project.scalars import plain_value as plain_value
    from outrig.project.schema import AnyKind as AnyKind
    from outrig.project.schema import Key as Key
    from outrig.project.schema import ListKind as ListKind
    from outrig.project.schema import MapKind as MapKind
    from outrig.project.schema import TextKind as TextKind
    from outrig.project.section import Section as Section
    from outrig.project.toml_document import read_toml as read_toml
    from outrig.session.arriving import arriving as arriving
    from outrig.session.beneath import WithRuntime as WithRuntime
    from outrig.session.cancel import Cancel as Cancel
    from outrig.session.name import check_name as check_name
    from outrig.session.observer import Observer as Observer
    from outrig.session.observer import Progress as Progress
    from outrig.session.requests import NewRun as NewRun
    from outrig.session.requests import StartRequest as StartRequest
    from outrig.session.tmux import attach_words as attach_words
    from outrig.settings import Settings as Settings
    from outrig.settings import setting as setting
    from outrig.state.database import Database as Database
    from outrig.state.owner import NAME_TAG as NAME_TAG
    from outrig.state.owner import OWNER_TAG as OWNER_TAG
    from outrig.state.owner import SESSION_TAG as SESSION_TAG
    from outrig.transport.choosing import ssh_transport as ssh_transport
    from outrig.transport.keys import HostKey as HostKey
    from outrig.transport.keys import LoginKey as LoginKey
    from outrig.transport.keys import host_key_for as host_key_for
    from outrig.transport.keys import login_key as login_key
    from outrig.transport.question import remote_python as remote_python
    from outrig.webhook import post_json as post_json


def __getattr__(name: str) -> object:
    module = _WHERE.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(module), name)


def __dir__() -> list[str]:
    return sorted(_WHERE)
