/// The style sheet of the page: light and dark, and usable in a window of 400 pixels.
enum StatusStyle {
    static let sheet = """
        :root{--back:#f6f7f9;--card:#fff;--text:#1b1f24;--soft:#5b6470;--line:#d9dee5;--bar:#2c62b0;--good:#1a7f47;\
        --bad:#b3261e;--badback:#fbeae9;--code:#eef1f5}
        @media (prefers-color-scheme:dark){:root{--back:#14171b;--card:#1d2127;--text:#e6e9ee;--soft:#9aa4b2;--line:#333a44;\
        --bar:#6ea3ef;--good:#5cc98a;--bad:#ff8b82;--badback:#3a2322;--code:#262c34}}
        *{box-sizing:border-box}
        body{margin:0 auto;max-width:76rem;padding:1rem;background:var(--back);color:var(--text);\
        font:15px/1.45 system-ui,sans-serif}
        h1{font-size:1.4rem;margin:0}h1 span{color:var(--soft);font-weight:normal}
        h2{font-size:1.15rem;margin:0 0 .6rem;overflow-wrap:anywhere}
        header p{color:var(--soft);margin:.2rem 0 1rem}
        a{color:var(--bar)}
        section{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:1rem;margin:0 0 1rem}
        .tiles{display:flex;flex-wrap:wrap;gap:.6rem 1.8rem;margin:0 0 1rem}
        .tiles dt{color:var(--soft);font-size:.8rem}.tiles dd{margin:0;font-size:1.2rem;font-variant-numeric:tabular-nums}
        .row{display:flex;flex-wrap:wrap;gap:1rem 2rem;align-items:flex-start}
        .row .tiles{margin:0 0 .4rem}
        figure{margin:0}figcaption{color:var(--soft);font-size:.75rem}
        svg{display:block;max-width:100%}svg rect{fill:var(--bar)}svg rect.full{fill:var(--bad)}svg line{stroke:var(--line)}
        .badge{font-size:.75rem;font-weight:normal;border:1px solid currentColor;border-radius:1rem;padding:.05rem .55rem;\
        color:var(--soft);vertical-align:middle}
        .badge.serving{color:var(--good)}.badge.failed{color:var(--bad)}
        .bad{color:var(--bad)}
        .note{background:var(--badback);border-radius:6px;padding:.6rem .8rem;margin:.6rem 0;overflow-wrap:anywhere}
        .note code{display:block;margin-top:.3rem;color:var(--text)}
        table{border-collapse:collapse;width:100%;margin:.8rem 0 0;font-variant-numeric:tabular-nums}
        section>table:first-child{margin:0}
        caption{text-align:left;font-weight:600;padding:0 0 .3rem}
        th,td{text-align:left;padding:.25rem .8rem .25rem 0;border-top:1px solid var(--line);vertical-align:top;\
        white-space:nowrap}
        td.text{white-space:normal;overflow-wrap:anywhere}
        th{color:var(--soft);font-weight:normal;font-size:.8rem}
        pre{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:1rem;overflow-x:auto}
        @media (max-width:46rem){thead{position:absolute;left:-9999px}tr{display:block;border-top:1px solid var(--line);\
        padding:.4rem 0}td{display:flex;gap:.8rem;border:0;padding:.1rem 0}td::before{content:attr(data-name);flex:0 0 8rem;\
        color:var(--soft);font-size:.8rem}}
        """
}
