/** Questions that show what there is to ask; `{run}` becomes the newest run that is done. */
export const examples: readonly { readonly title: string; readonly sql: string }[] = [
  {
    title: 'Worst attacks',
    sql: `select attack, count(*) as lanes, avg(regret) as mean_regret, max(regret) as worst
from kpis
where kpi = 'electricity_consumption_total' and regret is not null
group by attack
order by mean_regret desc`,
  },
  {
    title: 'Runs by policy',
    sql: `select policy, state, count(*) as runs, max(ended) as last
from runs
group by policy, state
order by runs desc`,
  },
  {
    title: 'Telemetry of a run',
    sql: `select *
from telemetry('{run}')
order by step
limit 500`,
  },
  {
    title: 'Its average day',
    sql: `select step % 24 as hour, count(*) as steps, avg(columns('.*/net')) as "\\0"
from telemetry('{run}')
group by hour
order by hour`,
  },
  { title: 'What there is', sql: `select table_name, column_name, data_type\nfrom information_schema.columns` },
];
