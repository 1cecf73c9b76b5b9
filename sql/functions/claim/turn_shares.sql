-- How many of p_limit tasks each of these jobs is given in its turn, p_ready being how many it has: all the same, those
-- that have fewer all they have. What others leave is shared as well with p_all, where no more jobs wait behind these. What
-- can't be divided goes to the first ones. There are at most p_limit jobs, and each has some.
create or replace function headway.turn_shares(p_limit int, p_ready int[], p_all boolean) returns int[]
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_each int;
  v_spare int;
  v_wanting int := cardinality(p_ready);
begin
  if v_wanting = 0 then return '{}'; end if;
  v_each := p_limit / v_wanting;
  v_spare := p_limit % v_wanting;
  while p_all loop
    select p_limit - sum(least(n, v_each)), count(*) filter (where n > v_each) into v_spare, v_wanting
    from unnest(p_ready) n;
    exit when v_wanting = 0 or v_spare < v_wanting;
    v_each := v_each + v_spare / v_wanting;
  end loop;
  return array(
    select least(x.n, v_each) + (x.n > v_each and x.place <= v_spare)::int from (
      select n, at, count(*) filter (where n > v_each) over (order by at) as place
      from unnest(p_ready) with ordinality r(n, at)) x
    order by x.at);
end $$;
