#!/bin/sh
set -eu
systemctl enable -q lightdm crownlabs-rfb.socket crownlabs-web || true
update-desktop-database -q || true
rm -rf /usr/share/backgrounds/xfce
