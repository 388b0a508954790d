"""Does one job with a peer in Python, in this process.

    python run_peer.py JOB

JOB is a job as JSON. Where the peer cannot do it, the last line of the output says why.
"""

import sys
import warnings

import contenders
from job import Job

SKIPPED = "skipped: "


def main() -> None:
    """Does the job of the command line."""
    warnings.simplefilter("ignore")
    job = Job.from_text(sys.argv[1])
    try:
        contenders.load()[job.peer, job.work].run(job)
    except contenders.Skipped as reason:
        sys.exit(f"{SKIPPED}{reason}")


if __name__ == "__main__":
    main()
