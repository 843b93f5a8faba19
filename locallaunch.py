"""Launch experiments as the original does: ``python locallaunch.py YAML[,YAML…] --jobtype local_single``."""

from mmpt_sign.cli.launch import launch_app

if __name__ == "__main__":
    launch_app()
