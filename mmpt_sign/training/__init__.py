"""The fairseq plugin: task, model, criterion, optimiser and the loop that drives them.

Nothing else in the package imports fairseq; importing a module of this room without it names the command that helps.
"""
