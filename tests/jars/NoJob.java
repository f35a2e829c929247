/** A program that submits nothing. */
public class NoJob {
    public static void main(String[] arguments) {
        System.out.println("nothing to do");
    }
}
