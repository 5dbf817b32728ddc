"""What touches files, processes and the network: whole writes, worker processes, the Materials Project.

Results and requests come in; files and downloaded energies go out. No physics.
"""
