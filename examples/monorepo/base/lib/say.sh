say() { echo "[$1] $2"; }
