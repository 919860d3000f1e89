package engine

import "context"

// followToHTTPS has what an http:// target redirects to examined in its place, see
// [target.Config.Followed].
func (x *Examination) followToHTTPS(ctx context.Context) error {
	if x.request.Deployment != nil {
		return nil
	}
	c, sentence, err := x.config.Followed(ctx, x.deployment, x.record.Run)
	if err != nil || sentence == "" {
		return err
	}
	x.config = c
	if err := x.deploy(ctx); err != nil {
		return err
	}
	x.record.note(sentence)
	x.notice(sentence)
	return nil
}
