# The public names, each once: type checkers read them here, and so does hardmax/__init__.py.

from .api import compile as compile
from .api import draw as draw
from .api import extract as extract
from .api import interpret as interpret
from .api import load as load
from .api import load_model as load_model
from .api import load_program as load_program
from .api import report as report
from .api import save_model as save_model
from .api import trace as trace
from .api import train as train
from .api import verify as verify
from .extractor.kinds import AnyExtraction as AnyExtraction
from .extractor.nram.extract import Extraction as Extraction
from .extractor.nram.listing import listing as listing
from .extractor.ntm.extract import NtmExtraction as NtmExtraction
from .runtime.abi import Status as Status
from .runtime.errors import HardmaxError as HardmaxError
from .runtime.memory.held_against import ExampleReport as ExampleReport
from .runtime.nram.interpreter import Result as Result
from .runtime.nram.native import BatchResult as BatchResult
from .runtime.nram.native import NativeProgram as NativeProgram
from .runtime.nram.native import NativeResult as NativeResult
from .runtime.nram.program import Program as Program
from .runtime.ntm.program import NtmProgram as NtmProgram
from .runtime.sequence.native import NativeNtm as NativeNtm
from .runtime.sequence.result import SequenceResult as SequenceResult
from .runtime.stack.program import StackProgram as StackProgram
from .runtime.symbols.native import NativeStack as NativeStack
from .runtime.symbols.native import StackStream as StackStream
from .runtime.symbols.result import SymbolResult as SymbolResult
from .trainer.nram.model import Model as Model
from .trainer.nram.tasks.task import Task as Task
from .trainer.sequence.model import SequenceModel as SequenceModel
from .verification.report import Report as Report

__all__: list[str]
__version__: str
