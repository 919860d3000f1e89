"""Has what the pages say of files outside of docs lead to the repository, lists the decisions, and has the site fetch nothing."""

import os
import re
import shutil

LINK = re.compile(r"(\]\()((?:\.\./)+[^)\s#]*)(#[^)\s]*)?(\))")


def on_page_markdown(markdown, page, config, files):
    docs = config.docs_dir
    root = os.path.dirname(config.config_file_path)
    here = os.path.dirname(os.path.join(docs, page.file.src_uri))

    def outside(match):
        target = os.path.normpath(os.path.join(here, match[2]))
        if os.path.commonpath([target, docs]) == docs:
            return match[0]
        if not os.path.exists(target):
            raise FileNotFoundError(f"{page.file.src_uri} has a link to {match[2]}, which is nowhere")
        kind = "tree" if os.path.isdir(target) else "blob"
        path = os.path.relpath(target, root)
        return f"{match[1]}{config.repo_url}/{kind}/main/{path}{match[3] or ''}{match[4]}"

    # Examples are no pages of the site.
    markdown = re.sub(r"\]\(((?:github|gitlab-ci)\.yml|Jenkinsfile)\)", rf"]({config.repo_url}/blob/main/docs/ci/\1)", markdown)
    if page.file.src_uri == "decisions/README.md":
        names = sorted((f.src_uri.split("/")[-1] for f in files if f.src_uri.startswith("decisions/2")), reverse=True)
        for name in names:
            with open(os.path.join(here, name), encoding="utf-8") as decision:
                title = decision.readline().strip("# \n")
            markdown += f"\n- {name[:10]}: [{title}]({name})"
    return LINK.sub(outside, markdown)


# A page that is opened from a folder may start no worker: the theme then takes this stand-in, from somebody else's server.
STAND_IN = "https://unpkg.com/iframe-worker/shim"


def on_post_page(output, page, config):
    depth = page.file.dest_uri.count("/")
    output = output.replace(STAND_IN, "../" * depth + "assets/javascripts/iframe-worker.js")
    # Beside the link to the repository the theme shows its stars, for which each page asks api.github.com.
    output = output.replace(' data-md-component="source"', "")
    if re.search(r"""<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)=["']?(?:https?:)?//""", output):
        raise ValueError(f"{page.file.src_uri} would fetch something from the network")
    return output


def on_post_template(output_content, template_name, config):
    return output_content.replace(STAND_IN, "assets/javascripts/iframe-worker.js")


def on_post_build(config):
    root = os.path.dirname(config.config_file_path)
    shutil.copy(os.path.join(root, "bin/site/node_modules/iframe-worker/shim/index.js"), os.path.join(config.site_dir, "assets/javascripts/iframe-worker.js"))
