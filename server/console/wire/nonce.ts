/** What the server's content security policy asks of every style of this page; empty: it was not sent by ours. */
export const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? '';
