. /usr/local/lib/mono/say.sh
say worker "does the work"
