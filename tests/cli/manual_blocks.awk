# manual_blocks.awk: the examples of a Markdown file, each in files of its own.
#
#   awk -v out=FOLDER -f manual_blocks.awk FILE.md
#
# A block fenced as ```lots or ```console, the n-th of them, becomes FOLDER/n.lots or n.console, and FOLDER/n.line holds the
# number of its first line, n.name the heading above it and which of that heading's examples it is ("Windows, 2"). Of a
# ```text or ```sql that follows a ```lots with nothing but blank lines between come n.want and n.sql: what is printed, and
# the same question in SQL.

/^```/ && into == "" {
    kind = substr($0, 4)
    if (kind == "lots" || kind == "console") {
        n++
        into = sprintf("%s/%03d.%s", out, n, kind)
        printf "%d\n", FNR + 1 > (sprintf("%s/%03d.line", out, n))
        printf "%s, %d\n", title, ++under > (sprintf("%s/%03d.name", out, n))
        last = kind
    } else if (kind == "text" && last == "lots")
        into = sprintf("%s/%03d.want", out, n)
    else if (kind == "sql" && last == "lots")
        into = sprintf("%s/%03d.sql", out, n)
    else
        into = "/dev/null"
    printf "" > into
    next
}
/^```$/ { close(into); into = ""; next }
into != "" { print > into; next }
/^#+ / { title = $0; sub(/^#+ /, "", title); under = 0 }
NF > 0 { last = "" }
